// What the records of a topic become under a source, in one line: the proof of a guess.

import type { Config, SourceConfig } from '../../config/config.js';
import { SchemasUnavailable } from '../../decode/decoder.js';
import type { TopicSample } from './topic-sample.js';
import { readerOf } from './trial.js';

/** `fx-quotes: 50 records, 48 go to paths such as fx/quotes/EURUSD, 2 rejected (map field-missing)` */
export async function fitOf(
  source: SourceConfig,
  config: Pick<Config, 'limits' | 'outbound'>,
  { topic, records, trouble }: TopicSample,
): Promise<string> {
  if (records.length === 0) return `${source.name}: ${trouble ?? 'no records'}`;
  const reader = readerOf(source, config);
  let example: string | undefined;
  let mapped = 0;
  const rejected: string[] = [];
  for (const record of records) {
    try {
      await reader.prepare(record);
    } catch (error) {
      if (!(error instanceof SchemasUnavailable)) throw error;
      return `${source.name}: ${error.message}`;
    }
    const sampled = reader.sample(record, { topic, partitionNumber: 0 });
    if (sampled.outcome === 'mapped') {
      mapped++;
      example ??= sampled.paths[0]?.path;
    } else if (sampled.outcome === 'rejected') rejected.push(`${sampled.stage} ${sampled.code}`);
  }
  const parts = [
    `${records.length} record${records.length === 1 ? '' : 's'}`,
    ...(example === undefined ? [] : [`${mapped} go${mapped === 1 ? 'es' : ''} to paths such as ${example}`]),
    ...(rejected.length === 0 ? [] : [`${rejected.length} rejected (${[...new Set(rejected)].join(', ')})`]),
  ];
  return `${source.name}: ${parts.join(', ')}`;
}
