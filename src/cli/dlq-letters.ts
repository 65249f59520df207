// The dead letters that a configuration's sources keep, in files or topics, for `tailrace dlq`: read with the configuration's addresses and
// secrets, once each, and nothing is changed.

import type { Outbound } from '../../connectors/contract.js';
import type { DeadLetterStoreConfig, SourceConfig } from '../config/config.js';
import type { LoadedConfig } from '../config/load.js';
import { PLACEHOLDER } from '../config/interpolation.js';
import type { ConnectorTypes } from '../config/sources.js';
import { identityOf, type LetterStub } from '../dead-letters/dead-letter.js';
import { lettersInFiles, type ReadLetter } from '../dead-letters/letter-files.js';
import { lettersInTopic } from '../dead-letters/letter-topic.js';
import { TailraceError } from '../errors.js';
import { KafkaRefused, KafkaUnreachable } from '../kafka/access-error.js';
import { PartitionLost } from '../kafka/partition.js';
import { createOutbound } from '../outbound/outbound.js';
import { readConfigFile, reportFindings } from './config-file.js';
import { EXIT, type ExitCode } from './exit-code.js';
import type { Output } from './output.js';

export interface LetterChoice {
  readonly config: string;
  /** Name of the source; left out: all that keep letters. */
  readonly source?: string;
  readonly code?: string;
  /** The newest so many. */
  readonly number?: number;
  readonly json?: boolean;
}

export interface LettersContext {
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
  readonly connectors: ConnectorTypes;
}

/** What was read besides the letters that were asked for. */
export interface LetterCounts {
  /** Rejected again by a source that was read anew: given once. */
  repeated: number;
  /** Lines and records that are no letters. */
  foreign: number;
  /** Where the first of them stands. */
  firstForeign: string | undefined;
}

export interface ChosenLetters {
  readonly counts: LetterCounts;
  /** Oldest first, of each partition of a source in order. Throws what {@link exitOf} understands. */
  read(): AsyncGenerator<LetterStub>;
}

interface KeptLetters {
  readonly source: string;
  readonly store: DeadLetterStoreConfig;
}

/** An exit code when there is nothing to read; why has been said. */
export async function chosenLetters(
  choice: LetterChoice,
  context: LettersContext,
): Promise<ChosenLetters | ExitCode> {
  const say = (text: string): void => context.output.notice(`tailrace: ${text}`);
  const loaded = await loadedFor(choice, context);
  if (loaded.config === undefined) {
    reportFindings(loaded.findings, context.output, { json: choice.json === true });
    return EXIT.config;
  }
  const { sources } = loaded.config;
  const outbound = createOutbound(loaded.config.outbound);
  if (choice.source !== undefined && !sources.some(({ name }) => name === choice.source)) {
    say(`there is no source ${choice.source}; there are ${sources.map(({ name }) => name).join(', ')}`);
    return EXIT.usage;
  }
  const kept = keptOf(sources, choice);
  if (kept.length === 0) {
    say(`${choice.source ?? 'no source'} keeps dead letters: it takes deadLetters.file or deadLetters.topic`);
    return EXIT.usage;
  }
  const counts: LetterCounts = { repeated: 0, foreign: 0, firstForeign: undefined };
  const read = () => {
    const letters = filtered(kept, { ...choice, counts, outbound });
    return choice.number === undefined ? letters : newest(letters, choice.number);
  };
  return { counts, read };
}

/** For what reading throws. */
export function exitOf(error: unknown, output: Output): ExitCode {
  if (error instanceof KafkaUnreachable || error instanceof KafkaRefused) {
    output.notice(`tailrace: ${error.message}`);
    return error instanceof KafkaRefused ? EXIT.config : EXIT.unreachable;
  }
  if (error instanceof PartitionLost) {
    output.notice(`tailrace: ${error.message}: it changed while it was read; run this again`);
    return EXIT.failed;
  }
  if (typeof error === 'object' && error !== null && 'syscall' in error && 'code' in error) {
    throw new TailraceError('file-unreadable', `dead letters cannot be read: ${String(error.code)}`, {
      cause: error,
    });
  }
  throw error;
}

/** Files can be read without the secrets of the configuration, so that these need not be there for that. */
async function loadedFor(choice: LetterChoice, { env, connectors }: LettersContext): Promise<LoadedConfig> {
  const online = await readConfigFile(choice.config, connectors, env);
  if (online.config !== undefined) return online;
  const offline = await readConfigFile(choice.config, connectors, 'offline');
  const kept = keptOf(offline.config?.sources ?? [], choice);
  const isKnown = kept.every(({ store }) => store.kind === 'file' && !store.path.includes(PLACEHOLDER));
  return kept.length > 0 && isKnown ? offline : online;
}

function keptOf(sources: readonly SourceConfig[], { source }: LetterChoice): KeptLetters[] {
  return sources.flatMap(({ name, deadLetters: { store } }) =>
    store !== undefined && (source === undefined || source === name) ? [{ source: name, store }] : [],
  );
}

interface Filtering extends Pick<LetterChoice, 'code'> {
  readonly counts: LetterCounts;
  readonly outbound: Outbound;
}

/** A topic may hold the letters of several sources. */
async function* filtered(
  kept: readonly KeptLetters[],
  { code, counts, outbound }: Filtering,
): AsyncGenerator<LetterStub> {
  const given = new Set<string>();
  for (const { source, store } of kept) {
    for await (const each of lettersIn(store, outbound)) {
      if ('notALetter' in each) {
        counts.foreign++;
        counts.firstForeign ??= each.notALetter;
        continue;
      }
      const { letter } = each;
      if (letter.source !== source || (code !== undefined && letter.code !== code)) continue;
      const identity = `${identityOf(letter)} ${letter.stage} ${letter.code}`;
      if (given.has(identity)) counts.repeated++;
      else yield letter;
      given.add(identity);
    }
  }
}

function lettersIn(store: DeadLetterStoreConfig, outbound: Outbound): AsyncGenerator<ReadLetter> {
  switch (store.kind) {
    case 'file':
      return lettersInFiles(store.path);
    case 'topic':
      return lettersInTopic(store.name, store.cluster.reveal(), outbound);
  }
}

/** In the order read. At most twice as many are held at a time. */
async function* newest(letters: AsyncGenerator<LetterStub>, count: number): AsyncGenerator<LetterStub> {
  let held: LetterStub[] = [];
  for await (const letter of letters) {
    held.push(letter);
    if (held.length >= 2 * count) held = newestOf(held, count);
  }
  yield* newestOf(held, count);
}

function newestOf(letters: readonly LetterStub[], count: number): LetterStub[] {
  const latest = new Set([...letters].sort((a, b) => a.rejectedAtMs - b.rejectedAtMs).slice(-count));
  return letters.filter((letter) => latest.has(letter));
}
