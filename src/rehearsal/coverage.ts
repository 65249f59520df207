// Which rules no test has reached: a mapping rule that held for no record, an entitlement that was about nobody and nothing.

import { readingOf } from '../config/compiled.js';
import { applicationOf } from '../entitle/rule.js';
import { RecordReader } from '../ingest/record-reader.js';
import { matches } from '../topic/filter.js';
import type { Rehearsed } from './rehearsal.js';
import type { Stage, StagedSource } from './stage.js';
import type { GivenRecord, TestCase } from './test-case.js';
import { readingOfWritten, sourceRecordOf } from './written-record.js';

export interface UnreachedRule {
  /** `tailrace.yaml:31` */
  readonly place: string;
  /** `rule 2 of entitlements: deny suspended, paths **` */
  readonly what: string;
}

interface SingleRule {
  readonly source: StagedSource;
  readonly index: number;
  /** Reads records by this rule alone. */
  readonly reader: RecordReader;
}

/** Invariant: what was reached once stays so. */
export class Coverage {
  readonly #stage: Stage;
  /** Not reached yet. */
  readonly #mapping: Set<SingleRule>;
  readonly #entitlements: Set<Stage['policy']['rules'][number]>;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#mapping = new Set(stage.sources.flatMap((source) => singleRules(source, stage)));
    this.#entitlements = new Set(stage.policy.rules);
  }

  take({ given, sights }: TestCase, { made }: Pick<Rehearsed, 'made'>): void {
    for (const rule of this.#mapping)
      if (given.some((record) => holds(rule, record))) this.#mapping.delete(rule);
    for (const rule of this.#entitlements) {
      const isReached = sights.some(({ viewer: { principal } }) => {
        const filters = principal === undefined ? [] : applicationOf(rule, principal).filters;
        return filters.some((filter) => [...made].some((path) => matches(filter, path)));
      });
      if (isReached) this.#entitlements.delete(rule);
    }
  }

  /** In the order of the configuration. */
  unreached(): UnreachedRule[] {
    const { placeOf, sources } = this.#stage;
    return [
      ...[...this.#mapping].map(({ source, index }) => ({
        place: placeOf(['sources', sources.indexOf(source), 'map', index]),
        what: `rule ${index + 1} of map in source ${source.config.name}: ${source.config.map[index]?.path ?? ''}`,
      })),
      ...[...this.#entitlements].map(({ index, effect, roles, paths }) => ({
        place: placeOf(['entitlements', index]),
        what: `rule ${index + 1} of entitlements: ${effect} ${[roles].flat().join(', ')} on ${paths.map(({ text }) => text).join(', ')}`,
      })),
    ];
  }
}

function singleRules(source: StagedSource, { config }: Stage): SingleRule[] {
  return source.config.map.map((rule, index) => {
    const reading = readingOf(source.config, config.limits, { map: [rule] });
    return { source, index, reader: new RecordReader(readingOfWritten(reading)) };
  });
}

/** Also where the rule holds and rejects the record. */
function holds({ source, reader }: SingleRule, record: GivenRecord): boolean {
  if (record.source !== source) return false;
  const { topic, partition } = record;
  const sampled = reader.sample(sourceRecordOf(record, source.config.format), {
    topic,
    partitionNumber: partition,
  });
  return sampled.outcome === 'mapped' || (sampled.outcome === 'rejected' && sampled.stage === 'map');
}
