// What one record would become: the paths and values that each source's mapping gives, and who would see them. Decoding,
// mapping and deciding are the running system's own functions.

import { policyOf, readingOf } from '../config/compiled.js';
import type { Config, SourceConfig } from '../config/config.js';
import type { Policy } from '../entitle/policy.js';
import { TailraceError } from '../errors.js';
import { RecordReader, type SampledRecord } from '../ingest/record-reader.js';
import { readingOfWritten, sourceRecordOf, type WrittenRecord } from '../rehearsal/written-record.js';
import { parseJson, type Json } from '../topic/json.js';
import { viewersOf, type Viewer } from './viewers.js';

/** One record as a person writes it down. */
export interface SampleFile extends WrittenRecord {
  /** Name of the source to try it on; left out: those whose options name the topic, else all. */
  readonly source?: string;
  readonly key: Json;
  readonly value: Json;
}

export type Sample = { readonly source: string } & (
  | { readonly outcome: 'mapped'; readonly paths: readonly SampledPath[] }
  | { readonly outcome: 'deleted' | 'filtered'; readonly reason: string }
  | {
      readonly outcome: 'rejected';
      readonly reason: string;
      readonly stage: string;
      readonly code: string;
      readonly at?: number;
    }
);

export interface SampledPath {
  readonly path: string;
  /** null: the record deletes the path. */
  readonly value: Json;
  readonly deleted: boolean;
  readonly seenBy: readonly Viewer[];
}

/** Throws `file-unreadable`, naming what is wrong with the file. */
export function parseSample(text: string, file: string): SampleFile {
  const fail = (what: string): never => {
    throw new TailraceError('file-unreadable', `${file} ${what}`);
  };
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch {
    return fail('is not JSON');
  }
  if (typeof written !== 'object' || written === null || Array.isArray(written))
    return fail('must be one JSON object');
  const known = ['source', 'topic', 'partition', 'timestamp', 'headers', 'key', 'value', 'offset'];
  const stranger = Object.keys(written).find((name) => !known.includes(name));
  if (stranger !== undefined) return fail(`has "${stranger}"; a record has ${known.slice(1, 7).join(', ')}`);
  if (!('value' in written)) return fail('has no "value"; null is a delete');
  const {
    source,
    topic = '',
    partition = 0,
    timestamp = 0,
    headers = {},
    key = null,
    value,
  } = written as Partial<SampleFile>;
  if (typeof topic !== 'string' || !Number.isInteger(partition) || !Number.isFinite(timestamp)) {
    return fail('needs a text as topic, and numbers as partition and timestamp');
  }
  return {
    ...(source === undefined ? {} : { source }),
    topic,
    partition,
    timestamp,
    headers,
    key,
    value: value as Json,
  };
}

/** Throws `file-unreadable` when the record names a source that there is not. */
export function sampleRecord(config: Config, record: SampleFile): Sample[] {
  const policy = policyOf(config, 0);
  return concerned(config.sources, record).map((source) => {
    const result = readSample(config, source, record);
    switch (result.outcome) {
      case 'mapped':
        return {
          source: source.name,
          outcome: 'mapped',
          paths: result.paths.map(({ path, text }) => sampledPath(policy, path, text)),
        };
      case 'deleted':
        return {
          source: source.name,
          outcome: 'deleted',
          reason: 'every path that this key gave before is deleted',
        };
      case 'filtered':
        return { source: source.name, outcome: 'filtered', reason: 'no rule of the source holds for it' };
      case 'rejected': {
        const { stage, code, at } = result;
        return {
          source: source.name,
          outcome: 'rejected',
          reason: reasonOf(stage, code, at),
          stage,
          code,
          ...(at === undefined ? {} : { at }),
        };
      }
    }
  });
}

function readSample(config: Config, source: SourceConfig, record: SampleFile): SampledRecord {
  const reader = new RecordReader(readingOfWritten(readingOf(source, config.limits)));
  const bytes = sourceRecordOf(record, source.format);
  return reader.sample(bytes, { topic: record.topic, partitionNumber: record.partition });
}

function concerned(sources: readonly SourceConfig[], { source, topic }: SampleFile): readonly SourceConfig[] {
  if (source !== undefined) {
    const named = sources.filter(({ name }) => name === source);
    if (named.length > 0) return named;
    const names = sources.map(({ name }) => name).join(', ');
    throw new TailraceError('file-unreadable', `the record names the source ${source}; there are ${names}`);
  }
  const mentioning = sources.filter(({ options }) => topic !== '' && mentions(options.reveal(), topic));
  return mentioning.length > 0 ? mentioning : sources;
}

function mentions(options: unknown, topic: string): boolean {
  if (typeof options !== 'object' || options === null) return options === topic;
  return Object.values(options).some((value) => mentions(value, topic));
}

function sampledPath(
  policy: Policy,
  path: SampledRecordPath['path'],
  text: SampledRecordPath['text'],
): SampledPath {
  const value = text === null ? null : parseJson(text);
  return { path, value, deleted: text === null, seenBy: viewersOf(policy, path, value) };
}
type SampledRecordPath = Extract<SampledRecord, { outcome: 'mapped' }>['paths'][number];

function reasonOf(stage: string, code: string, at: number | undefined): string {
  const words = code.replaceAll('-', ' ');
  if (at === undefined) return `${stage}: ${words}`;
  return stage === 'map' ? `rule ${at + 1} of map: ${words}` : `${stage}: ${words} at byte ${at}`;
}
