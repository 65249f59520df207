// `tailrace check --connect`: contacts the upstream of every source, and its schema registry, as `run` would before it reads.

import { OptionsRejected, SourceUnavailable, type SourceLog } from '../../connectors/contract.js';
import type { Clock } from '../clock.js';
import type { SourceConfig } from '../config/config.js';
import { makeSource } from '../lifecycle/source-maker.js';
import type { Ms } from '../topic/update.js';
import { EXIT, type ExitCode } from './exit-code.js';
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
}

/** The outcome of one attempt: what it has found, or a throw. */
type Attempt = (signal: AbortSignal) => Promise<Readonly<Record<string, unknown>>>;

/** All at once, in the order of the configuration. Takes little more than `timeoutMs`. Never rejects. */
export async function contactAll(
  sources: readonly SourceConfig[],
  deadline: { readonly clock: Clock; readonly timeoutMs: Ms },
): Promise<readonly Contact[]> {
  const contacts = sources.map(async (config) => {
    const registry = config.schemaRegistry;
    const ofRegistry =
      registry === undefined
        ? []
        : [contact(config, 'schemaRegistry', (signal) => contactRegistry(registry, signal), deadline)];
    return Promise.all([contactSource(config, deadline), ...ofRegistry]);
  });
  return (await Promise.all(contacts)).flat();
}

async function contactSource(
  config: SourceConfig,
  deadline: { readonly clock: Clock; readonly timeoutMs: Ms },
): Promise<Contact> {
  const heard = hearing();
  const source = makeSource(config, heard.log);
  const attempt: Attempt = async (signal) => {
    await source.probe(signal);
    return heard.found;
  };
  const result = await contact(config, 'source', attempt, deadline);
  await within(deadline.clock, CLOSE_MS, source.close()).catch(() => undefined);
  return { ...result, warnings: heard.warnings };
}

const CLOSE_MS: Ms = 1_000;

async function contact(
  { name: source }: SourceConfig,
  what: Contact['what'],
  attempt: Attempt,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: Ms },
): Promise<Contact> {
  const ending = new AbortController();
  const base = { source, what, found: {}, warnings: [] };
  try {
    const found = await within(clock, timeoutMs, attempt(ending.signal));
    return { ...base, outcome: 'ok', found, message: undefined };
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

/** One line. */
export function contactText({ source, what, outcome, found, message }: Contact): string {
  const where = what === 'source' ? `source ${source}` : `source ${source}, schemaRegistry`;
  const facts = Object.entries(found).map(([name, value]) => `${name} ${String(value)}`);
  const said = message ?? (facts.length === 0 ? 'reached' : facts.join(', '));
  return `${outcome.padEnd(WIDEST)}  ${where}: ${said}`;
}

const WIDEST = 'unreachable'.length;

export function contactExit(contacts: readonly Contact[]): ExitCode {
  const outcomes = new Set(contacts.map(({ outcome }) => outcome));
  if (outcomes.has('refused') || outcomes.has('failed')) return EXIT.failed;
  return outcomes.has('unreachable') ? EXIT.unreachable : EXIT.fine;
}
