// Structured log lines, the only door to pino: one event per line with its facts, to stderr; JSON for machines, a short
// text for a terminal. Tokens, passwords and keys are taken out here, whatever a caller passes. Metrics are metrics.ts.

import { pino, type Logger } from 'pino';
import { scrubbed } from './scrub.js';
import { textLine } from './log-text.js';

/** Facts of one event: ids, numbers with units in their names, an `error`. Never payloads or whole claims. */
export type Facts = Readonly<Record<string, unknown>>;

/** `info` is for life-cycle, `warn` for degraded, `error` for somebody must act; nothing per record above `debug`. */
export interface Log {
  debug(event: string, facts?: Facts): void;
  info(event: string, facts?: Facts): void;
  warn(event: string, facts?: Facts): void;
  error(event: string, facts?: Facts): void;
  /** The same log, with these facts on each line. */
  child(facts: Facts): Log;
}

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** `json`: an object per line. `text`: for people; `colour` as the terminal allows. */
  readonly style: 'json' | 'text' | 'colour';
  /**
   * Takes whole lines with their newline. Left out: stderr, written at once: lines are few, and an asynchronous write that is
   * under way at exit comes after those that the exit flushes.
   */
  readonly write?: (line: string) => void;
}

/** What suits stderr: JSON when it is a file or a pipe, text on a terminal, without colour where NO_COLOR asks for that. */
export function styleOfTerminal(
  stream: { readonly isTTY?: boolean },
  env: NodeJS.ProcessEnv,
): LogOptions['style'] {
  if (stream.isTTY !== true) return 'json';
  return env['NO_COLOR'] ? 'text' : 'colour';
}

export function createLog(options: LogOptions): Log {
  const settings = {
    level: options.level,
    base: null,
    messageKey: 'event',
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return wrap(pino(settings, destination(options)));
}

function destination(options: LogOptions): { write(line: string): void } {
  const { style, write } = options;
  if (style === 'json') return write === undefined ? pino.destination({ dest: 2, sync: true }) : { write };
  const put = write ?? ((line: string) => void process.stderr.write(line));
  return { write: (line) => put(textLine(line, { colour: style === 'colour' })) };
}

function wrap(logger: Logger): Log {
  return {
    debug: (event, facts) => logger.isLevelEnabled('debug') && logger.debug(scrubbed(facts), event),
    info: (event, facts) => logger.info(scrubbed(facts), event),
    warn: (event, facts) => logger.warn(scrubbed(facts), event),
    error: (event, facts) => logger.error(scrubbed(facts), event),
    child: (facts) => wrap(logger.child(scrubbed(facts))),
  };
}
