// `tailrace check --connect`: contacts the upstream of every source, and its schema registry, as `run` would before it reads.

import {
  OptionsRejected,
  SourceUnavailable,
  type Outbound,
  type Source,
  type SourceLog,
} from '../../connectors/contract.js';
import type { Clock } from '../clock.js';
import { readingOf } from '../config/compiled.js';
import type { Limits, SchemaRegistryConfig, SourceConfig } from '../config/config.js';
import { RecordReader } from '../ingest/record-reader.js';
import { makeSource } from '../lifecycle/source-maker.js';
import type { Ms } from '../topic/update.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { glimpseOf, glimpseText, type Glimpse } from './glimpse.js';
import { contactRegistry } from './registry-contact.js';

/** Something that a source needs. */
export interface Contact {
  readonly source: string;
  readonly what: 'source' | 'schemaRegistry';
  /** `refused`: somebody has to change something. `unreachable`: it may work later. `failed`: a bug of the connector. */
  readonly outcome: 'ok' | 'refused' | 'unreachable' | 'failed';
  /** What is there: of Kafka, how many topics, partitions and brokers. */
  readonly found: Readonly<Record<string, unknown>>;
  /** Why not, and what to do; undefined: ok. */
  readonly message: string | undefined;
  /** What is odd, but keeps nothing from working. */
  readonly warnings: readonly string[];
  /** Of a source that is cheap to read, once it is reached. */
  readonly published?: Glimpse;
}

/** What one attempt has found, unless it throws. */
type Findings = Pick<Contact, 'found' | 'published'>;
type Attempt = (signal: AbortSignal) => Promise<Findings>;

export interface ContactOptions {
  readonly clock: Clock;
  readonly timeoutMs: Ms;
  readonly outbound: Outbound;
  readonly limits: Limits;
}

/** All at once, in the order of the configuration. Takes little more than `timeoutMs`. Never rejects. */
export async function contactAll(
  sources: readonly SourceConfig[],
  how: ContactOptions,
): Promise<readonly Contact[]> {
  const contacts = sources.map(async (config) => {
    const registry = config.schemaRegistry;
    const ofRegistry = registry === undefined ? [] : [contactRegistryOf(config, registry, how)];
    return Promise.all([contactSource(config, how), ...ofRegistry]);
  });
  return (await Promise.all(contacts)).flat();
}

function contactRegistryOf(
  config: SourceConfig,
  registry: SchemaRegistryConfig,
  how: ContactOptions,
): Promise<Contact> {
  const { outbound } = how;
  const attempt: Attempt = async (signal) => ({
    found: await contactRegistry(registry, { signal, outbound }),
  });
  return contact(config, 'schemaRegistry', attempt, how);
}

async function contactSource(config: SourceConfig, how: ContactOptions): Promise<Contact> {
  const { outbound, clock, timeoutMs } = how;
  const { isCheapToRead = false } = config.connector;
  const heard = hearing();
  const source = makeSource(config, { log: heard.log, outbound, looksOn: true });
  const attempt: Attempt = async (signal) => {
    const begun = clock.monotonic();
    await source.probe(signal);
    const found = { ...heard.found };
    if (!isCheapToRead) return { found };
    const leftMs = timeoutMs - (clock.monotonic() - begun);
    return { found, published: await look(source, { config, how, leftMs, signal }) };
  };
  const result = await contact(config, 'source', attempt, how);
  await within(clock, CLOSE_MS, source.close()).catch(() => undefined);
  return { ...result, warnings: heard.warnings };
}

const CLOSE_MS: Ms = 1_000;
/** Of the time that is left once a source was reached: what may go by until it is seen what it would publish. */
const LOOKING = 0.5;

function look(source: Source, { config, how, leftMs, signal }: Looked): Promise<Glimpse> {
  const { clock, outbound, limits } = how;
  const reader = new RecordReader(readingOf(config, limits, { outbound }));
  const looking = { source, reader, rules: config.map, clock, timeoutMs: leftMs * LOOKING };
  return glimpseOf(looking, signal);
}

interface Looked {
  readonly config: SourceConfig;
  readonly how: ContactOptions;
  readonly leftMs: Ms;
  readonly signal: AbortSignal;
}

async function contact(
  { name: source }: SourceConfig,
  what: Contact['what'],
  attempt: Attempt,
  { clock, timeoutMs }: ContactOptions,
): Promise<Contact> {
  const ending = new AbortController();
  const base = { source, what, found: {}, warnings: [] };
  try {
    const findings = await within(clock, timeoutMs, attempt(ending.signal));
    return { ...base, ...findings, outcome: 'ok', message: undefined };
  } catch (error) {
    ending.abort();
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof OptionsRejected) return { ...base, outcome: 'refused', message };
    if (error instanceof SourceUnavailable) return { ...base, outcome: 'unreachable', message };
    return { ...base, outcome: 'failed', message };
  }
}

/** Rejects with SourceUnavailable when it takes longer. */
async function within<T>(clock: Clock, ms: Ms, work: Promise<T>): Promise<T> {
  let cancel = (): void => undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(ms, () => reject(new SourceUnavailable(`no answer within ${ms / 1_000} s`)));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}

/** A log that keeps what a connector says about what it has found (docs/sources/write-your-own.md: facts of `info` lines). */
function hearing(): { readonly log: SourceLog; found: Record<string, unknown>; readonly warnings: string[] } {
  const heard = { found: {}, warnings: [] as string[] };
  const log: SourceLog = {
    info: (_, facts) => void Object.assign(heard.found, facts),
    warn: (event, facts) => void heard.warnings.push(warningText(event, facts)),
  };
  return Object.assign(heard, { log });
}

function warningText(event: string, facts: Readonly<Record<string, unknown>> = {}): string {
  return typeof facts['reason'] === 'string' ? `${event}: ${facts['reason']}` : event;
}

/** One line, and below it what would be published. */
export function contactText({ source, what, outcome, found, message, published }: Contact): string {
  const where = what === 'source' ? `source ${source}` : `source ${source}, schemaRegistry`;
  const facts = Object.entries(found).map(([name, value]) => `${name} ${String(value)}`);
  const said = message ?? (facts.length === 0 ? 'reached' : facts.join(', '));
  const below = published === undefined ? [] : glimpseText(published);
  const lines = [`${outcome.padEnd(WIDEST)}  ${where}: ${said}`, ...below.map((line) => INDENT + line)];
  return lines.join('\n');
}

const WIDEST = 'unreachable'.length;
const INDENT = ' '.repeat(WIDEST + 2);

export function contactExit(contacts: readonly Contact[]): ExitCode {
  const outcomes = new Set(contacts.map(({ outcome }) => outcome));
  if (outcomes.has('refused') || outcomes.has('failed')) return EXIT.failed;
  return outcomes.has('unreachable') ? EXIT.unreachable : EXIT.fine;
}
