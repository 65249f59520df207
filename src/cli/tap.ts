// `tailrace tap`: what the records of a source become, as they come. Needs no process that serves, and changes nothing.

import {
  HistoryLost,
  OptionsRejected,
  SourceUnavailable,
  type Outbound,
  type Source,
} from '../../connectors/contract.js';
import { systemClock } from '../clock.js';
import { readingOf } from '../config/compiled.js';
import type { Config, SourceConfig } from '../config/config.js';
import { Secret } from '../config/secret.js';
import type { ConnectorTypes } from '../config/sources.js';
import { RecordReader } from '../ingest/record-reader.js';
import { makeSource } from '../lifecycle/source-maker.js';
import { createOutbound } from '../outbound/outbound.js';
import type { Filter } from '../topic/filter.js';
import type { Ms } from '../topic/update.js';
import { readConfigFile, reportFindings } from './config-file.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { quiet, type Output } from './output.js';
import { printable } from './printable.js';
import type { TerminalStreams } from './screen.js';
import { listenForStops, type SignalSource } from './stop-requests.js';
import { readTapped } from './tapping.js';
import { optionsFrom, type TapStart } from './tap-start.js';
import { TapView } from './tap-view.js';

export interface TapOptions {
  readonly config: string;
  /** Name of the source; may be left out where there is one. */
  readonly source?: string;
  /** End after so many records have been shown. */
  readonly number?: number;
  /** Left out: `live` where the source can, else `earliest`. */
  readonly from?: TapStart;
  /** Only records that make such a path. */
  readonly path?: Filter;
  /** Only records that are rejected. */
  readonly rejected?: boolean;
  /** Show how their bytes begin. */
  readonly raw?: boolean;
  readonly timeoutMs?: Ms | undefined;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export interface TapContext {
  readonly output: Output;
  readonly connectors: ConnectorTypes;
  readonly env: NodeJS.ProcessEnv;
  readonly terminal: TerminalStreams;
  readonly signals: SignalSource;
  readonly exitNow: (code: number) => void;
}

/** 1: not all that was waited for came in time. */
export async function tap(options: TapOptions, context: TapContext): Promise<ExitCode> {
  const output = options.quiet === true ? quiet(context.output) : context.output;
  const { config, findings } = await readConfigFile(options.config, context.connectors, context.env);
  if (config === undefined) {
    reportFindings(findings, context.output, { json: options.json === true });
    return EXIT.config;
  }
  const say = (text: string): void => output.notice(`tailrace: ${printable(text)}`);
  const chosen = sourceNamed(options.source, config);
  if ('fault' in chosen) return refuse(chosen.fault, say);
  const outbound = createOutbound(config.outbound);
  const opened = open(chosen, { ...options, outbound, say });
  if ('fault' in opened) return refuse(opened.fault, say);
  const { source, start } = opened;
  const { stdout } = context.terminal;
  const columns = () => (stdout.isTTY ? (stdout.columns ?? NARROW) : undefined);
  const view = new TapView(options, { output, say, rules: chosen.map, start, columns });
  const onUnusableSchema = (id: number, reason: string) => say(`schema ${id} cannot be used: ${reason}`);
  const reader = new RecordReader(readingOf(chosen, config.limits, { onUnusableSchema, outbound }));
  return await follow({ source, reader, view, say }, options, context);
}

const NARROW = 80;

function refuse(fault: string, say: (text: string) => void): ExitCode {
  say(fault);
  return EXIT.usage;
}

interface Fault {
  readonly fault: string;
}

function sourceNamed(name: string | undefined, { sources }: Config): SourceConfig | Fault {
  const found = name === undefined ? sources : sources.filter((source) => source.name === name);
  const [source] = found;
  if (source !== undefined && found.length === 1) return source;
  const names = sources.map((each) => each.name).join(', ');
  return {
    fault:
      name === undefined ? `say --source, one of ${names}` : `there is no source ${name}; there are ${names}`,
  };
}

function open(
  config: SourceConfig,
  { from, outbound, say }: Opening,
): { readonly source: Source; readonly start: TapStart } | Fault {
  const { name, type, connector } = config;
  const written = config.options.reveal();
  const live = optionsFrom(from ?? 'live', written, connector.options);
  if (live === undefined && from !== undefined)
    return { fault: `a source of type ${type} is always read from its beginning: leave --from out` };
  const log = { info: () => undefined, warn: (event: string) => say(`${name}: ${event}`) };
  const source = makeSource(
    { ...config, options: new Secret(live ?? written) },
    { log, outbound, looksOn: true },
  );
  if (source.receiver === undefined)
    return { source, start: live === undefined ? 'earliest' : (from ?? 'live') };
  void source.close();
  return {
    fault: `others send to ${name} (POST /v1/push/${name} on the admin port of the process that runs), so that there is nothing to tap beside it; tailrace cat shows what that process makes of it`,
  };
}

interface Opening extends Pick<TapOptions, 'from'>, Pick<Following, 'say'> {
  readonly outbound: Outbound;
}

interface Following {
  readonly source: Source;
  readonly reader: RecordReader;
  readonly view: TapView;
  readonly say: (text: string) => void;
}

async function follow(
  { source, reader, view, say }: Following,
  { timeoutMs }: TapOptions,
  { signals, exitNow }: TapContext,
): Promise<ExitCode> {
  const stops = listenForStops(signals, exitNow);
  const late = new AbortController();
  const cancel = timeoutMs === undefined ? undefined : systemClock.after(timeoutMs, () => late.abort());
  const signal = AbortSignal.any([stops.signal, late.signal, view.satisfied]);
  try {
    const tapping = { source, reader, clock: systemClock, listener: view };
    const reading = source.probe(signal).then(() => readTapped(tapping, signal));
    reading.catch(() => undefined); // what comes of it after an abort is of no interest
    await Promise.race([reading, aborted(signal)]);
  } catch (error) {
    if (!signal.aborted) return exitAfter(error, say);
  } finally {
    cancel?.();
    view.close();
    await source.close();
    stops.release();
  }
  const isLate = late.signal.aborted && !stops.signal.aborted && !view.satisfied.aborted;
  return isLate ? view.late(timeoutMs ?? 0) : EXIT.fine;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function exitAfter(error: unknown, say: (text: string) => void): ExitCode {
  if (error instanceof SourceUnavailable) {
    say(error.message);
    return EXIT.unreachable;
  }
  if (error instanceof OptionsRejected) {
    say(error.message);
    return EXIT.config;
  }
  if (error instanceof HistoryLost) {
    say(`${error.message}; tap it again`);
    return EXIT.failed;
  }
  throw error;
}
