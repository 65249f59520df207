// Tries formats on bytes, with the decoders of the running system: what they read, and what they refuse.

import { readingOf } from '../../config/compiled.js';
import type { Config, Format, SourceConfig } from '../../config/config.js';
import type { ConnectorTypes } from '../../config/sources.js';
import { SchemasUnavailable } from '../../decode/decoder.js';
import { RecordReader } from '../../ingest/record-reader.js';
import { createOutbound } from '../../outbound/outbound.js';
import { parseJson, type Json } from '../../topic/json.js';
import type { SourceRecord } from '../../../connectors/contract.js';
import { loadConfigText } from '../config-file.js';

/** `schemaRegistry` of the sources, as it will stand in the configuration. */
export interface WrittenRegistry {
  readonly url: string;
  readonly username?: string;
  readonly password?: { readonly env: string };
}

export interface TrialOptions {
  readonly connectors: ConnectorTypes;
  readonly env: NodeJS.ProcessEnv;
  readonly registry: WrittenRegistry | undefined;
  /** What that needs in `outbound.allow`; left out: nothing. */
  readonly allow?: readonly string[];
}

/** What one format made of some bytes: an item per item. */
export interface TrialResult {
  /** undefined: refused, or an envelope that deletes. */
  readonly documents: readonly (Json | undefined)[];
  /** How many were read, deletes too. */
  readonly good: number;
  /** Why the registry could not be asked; then nothing was read. */
  readonly unavailable?: string;
}

/** A key or a value, with the headers of its record. */
export type Part = Pick<SourceRecord, 'headers'> & { readonly bytes: Buffer };

/** Reads `parts` as values of that format. Never rejects for what they hold. */
export async function tryFormat(
  format: Format,
  parts: readonly Part[],
  options: TrialOptions,
): Promise<TrialResult> {
  const reader = await readerFor(format, options);
  const documents: (Json | undefined)[] = [];
  let good = 0;
  for (const { bytes, headers } of parts) {
    const record = { key: ANY_KEY, value: bytes, headers, timestampMs: 0, offset: 0 };
    try {
      await reader.prepare(record);
    } catch (error) {
      if (!(error instanceof SchemasUnavailable)) throw error;
      return { documents: parts.map(() => undefined), good: 0, unavailable: error.message };
    }
    const sampled = reader.sample(record, { topic: 'topic', partitionNumber: 0 });
    if (sampled.outcome !== 'rejected') good++;
    const text = sampled.outcome === 'mapped' ? sampled.paths[0]?.text : undefined;
    documents.push(text === undefined || text === null ? undefined : parseJson(text));
  }
  return { documents, good };
}

const ANY_KEY = Buffer.from('key');

/** Of a source that puts every value at one path. */
async function readerFor(
  format: Format,
  { connectors, env, registry, allow = [] }: TrialOptions,
): Promise<RecordReader> {
  const source = {
    name: 'trial',
    kafka: { brokers: ['trial:9092'], topics: ['trial'] },
    format: { key: 'bytes', value: format },
    map: [{ path: 'trial' }],
    ...(registry !== undefined && { schemaRegistry: registry }),
  };
  const text = JSON.stringify({
    ...{ listen: { host: '127.0.0.1' }, auth: 'none', outbound: { allow }, sources: [source] },
    entitlements: [{ allow: 'everyone', paths: ['**'] }],
  });
  const { config, findings } = await loadConfigText({ name: 'trial', text }, connectors, {
    ...{ env, folder: '.' },
  });
  const [loaded] = config?.sources ?? [];
  if (config === undefined || loaded === undefined)
    throw new Error(
      `the trial of ${format} is refused: ${findings.map(({ message }) => message).join('; ')}`,
    );
  return readerOf(loaded, config);
}

/** The reader that the running system would have. */
export function readerOf(
  source: SourceConfig,
  { limits, outbound }: Pick<Config, 'limits' | 'outbound'>,
): RecordReader {
  return new RecordReader(readingOf(source, limits, { outbound: createOutbound(outbound) }));
}
