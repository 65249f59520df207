// Structured log lines, the only door to pino: one event per line with its facts, to stderr; JSON for machines, a short
// text for a terminal. Tokens, passwords and keys are taken out here, whatever a caller passes. Metrics are metrics.ts.

import { writeSync } from 'node:fs';
import { pino, type Logger } from 'pino';
import { docsOf, type ErrorCode } from '../errors.js';
import { LineWriter } from './line-writer.js';
import { scrubbed } from './scrub.js';
import { textLine } from './log-text.js';

/** Facts of one event: ids, numbers with units in their names, an `error`. Never payloads or whole claims. */
export type Facts = Readonly<Record<string, unknown>>;

/**
 * `info` is for life-cycle, `warn` for degraded, `error` for somebody must act; nothing per record above `debug`. The event
 * of an `error` is a code of the catalogue, so that no such line is without a page: it carries `code` and `docs`, which the
 * facts may replace by a closer page.
 */
export interface Log {
  debug(event: string, facts?: Facts): void;
  info(event: string, facts?: Facts): void;
  warn(event: string, facts?: Facts): void;
  error(code: ErrorCode, facts?: Facts): void;
  /** The same log, with these facts on each line. */
  child(facts: Facts): Log;
}

/** The log of a process. */
export interface RootLog extends Log {
  /** From here on, for this log and all its children. */
  setLevel(level: LogLevel): void;
}

/** From the most to the least talkative. */
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LEVELS)[number];

export interface LogOptions {
  readonly level: LogLevel;
  /** `json`: an object per line. `text`: for people; `colour` as the terminal allows. */
  readonly style: 'json' | 'text' | 'colour';
  /**
   * Takes whole lines with their newline. Left out: stderr, written at once: lines are few, and an asynchronous write that is
   * under way at exit comes after those that the exit flushes. Lines that stderr cannot take are dropped: {@link droppedLogLines}.
   */
  readonly write?: (line: string) => void;
}

const FINISH_MS = 500;
/** The one stderr that a process has, once something is logged. */
let stderrLines: LineWriter | undefined;

/** Lines since the start that stderr did not take: its disk is full, or nobody reads it. */
export function droppedLogLines(): number {
  return stderrLines?.dropped ?? 0;
}

/** Not by `process.stderr`: what it cannot write is an event there that ends the process. */
function toStderr(line: string): void {
  if (stderrLines === undefined) {
    const lines = new LineWriter((bytes) => writeSync(2, bytes));
    process.once('exit', () => lines.finish(FINISH_MS));
    stderrLines = lines;
  }
  stderrLines.put(line);
}

export function createLog(options: LogOptions): RootLog {
  const gate: Gate = { least: LEVELS.indexOf(options.level) };
  const settings = {
    level: LEVELS[0], // a child of pino keeps the level that its parent had once: the gate decides
    base: null,
    messageKey: 'event',
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return {
    ...wrap(pino(settings, destination(options)), gate),
    setLevel: (level) => (gate.least = LEVELS.indexOf(level)),
  };
}

/** Shared by a log and its children. `least`: index of the least severe level that is written. */
interface Gate {
  least: number;
}

function destination(options: LogOptions): { write(line: string): void } {
  const { style, write = toStderr } = options;
  if (style === 'json') return { write };
  return { write: (line) => write(textLine(line, { colour: style === 'colour' })) };
}

function wrap(logger: Logger, gate: Gate): Log {
  return {
    debug: (event, facts) => gate.least < 1 && logger.debug(scrubbed(facts), event),
    info: (event, facts) => gate.least < 2 && logger.info(scrubbed(facts), event),
    warn: (event, facts) => gate.least < 3 && logger.warn(scrubbed(facts), event),
    error: (code, facts) => logger.error({ docs: docsOf(code), ...scrubbed(facts), code }, code),
    child: (facts) => wrap(logger.child(scrubbed(facts)), gate),
  };
}
