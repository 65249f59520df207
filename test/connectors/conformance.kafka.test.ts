// Every connector of the registry keeps the promises of the contract, against its real upstream. One that nobody has written a
// harness for fails here: test/connectors/harness/<type>.ts.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectors } from '../../connectors/registry.js';
import { conformanceCases, type Write } from '../../connectors/kit/conformance.js';
import { until } from '../support/kafka.js';
import { ingestUpstream } from './ingested-upstream.js';
import type { TestedConnector } from './harness/tested-connector.js';
import { isLong } from '../support/long.js';

/** In the long run 200 readers of each harness are killed, and one stops for 20 s. */
const SETTINGS = isLong ? { seeds: 20, kills: 10, stallMs: 20_000 } : { seeds: 2 };
const CASE_MS = isLong ? 900_000 : 60_000;

const found = await Promise.all(
  connectors.map(async ({ type }) => ({ type, tested: await harnessesOf(type) })),
);

async function harnessesOf(type: string): Promise<TestedConnector | undefined> {
  if (!existsSync(join(import.meta.dirname, 'harness', `${type}.ts`))) return undefined;
  const module = (await import(`./harness/${type}.js`)) as { readonly tested: TestedConnector };
  return module.tested;
}

const set = (key: string, n: number): Write => ({ key, value: JSON.stringify({ n }) });

test('every connector of the registry has a harness', () => {
  expect(found.filter(({ tested }) => tested === undefined).map(({ type }) => type)).toEqual([]);
});

for (const { type, tested } of found) {
  if (tested === undefined) continue;
  describe(type, () => {
    beforeAll(() => tested.open(), 120_000);
    afterAll(() => tested.close(), 60_000);

    describe.each(Object.entries(tested.harnesses))('%s', (flavour, harness) => {
      const cases = conformanceCases(harness, SETTINGS);

      test.each(cases.filter(({ leftOut }) => leftOut === undefined))('$name', ({ run }) => run(), CASE_MS);

      if (harness.traits.completeState && harness.cannot?.loseHistory === undefined) {
        test('A11 the core reads it anew when history is lost, and deletes what is gone', async () => {
          const ingested = await ingestUpstream(harness);
          const { upstream, ingest, log, events } = ingested;
          try {
            await upstream.write([set('a', 1), set('b', 2), set('c', 3)]);
            await until('it is live', () => ingest.status.state === 'live' && log.values.size === 3);
            const mend = await upstream.breakContact?.(); // else it may look when there is nothing at all
            await upstream.loseHistory?.([set('c', 3), set('d', 4)]);
            await mend?.();
            await until(
              'it is read anew',
              () => events.includes('source-read-anew') && log.values.size === 2,
            );
            expect(ingested.values()).toEqual([
              { key: 'c', value: '{"n":3}' },
              { key: 'd', value: '{"n":4}' },
            ]);
            expect([ingest.counts.swept, ingest.counts.errors.history_lost]).toEqual([2, 1]);
            expect(log.freshness).toEqual(['stale', 'live', 'stale', 'live']);
          } finally {
            await ingested.close();
          }
        }, 60_000);
      }

      test('nothing is left out but what is known', () => {
        const leftOut = cases.flatMap((each) => each.leftOut ?? []);
        expect(leftOut).toEqual(tested.leftOut[flavour]);
      });
    });
  });
}
