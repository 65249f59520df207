// Where a source's dead letters go, made from its configuration.

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { OptionsRejected } from '../../connectors/contract.js';
import { systemClock } from '../../src/clock.js';
import type { DeadLettersConfig } from '../../src/config/config.js';
import { deadLetterSink, probeDeadLetters } from '../../src/lifecycle/dead-letter-sink.js';
import { createLog } from '../../src/telemetry/logger.js';
import { record } from '../ingest/records.js';
import { loopbackOutbound } from '../support/outbound.js';

function sinkOptions(store: DeadLettersConfig['store']) {
  const lines: string[] = [];
  const log = createLog({ level: 'info', style: 'json', write: (line) => void lines.push(line) });
  return {
    source: { name: 'quotes', deadLetters: { onFlood: undefined, store } },
    deps: { clock: systemClock, log, outbound: loopbackOutbound },
    lines,
  };
}

test('A13 the line about a rejected record names its source once', async () => {
  const { source, deps, lines } = sinkOptions(undefined);
  const sink = deadLetterSink(source, deps);
  const origin = { source: 'quotes', topic: 't', partition: 0, offset: 1 };
  await sink.write({ ...origin, record: record('k', '{'), stage: 'decode value', code: 'syntax' });
  const text = lines.join('');
  expect(text).toContain('record-rejected');
  expect(text.split('"source"')).toHaveLength(2);
});

test('a place that can never take letters is found before a reload changes anything', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tailrace-letters-'));
  const at = (path: string) => sinkOptions({ kind: 'file', path: join(folder, path), maxBytes: 1 << 20 });
  const good = at('rejected.ndjson');
  await expect(probeDeadLetters(good.source, good.deps)).resolves.toBeUndefined();
  const bad = at('no/such/folder/rejected.ndjson');
  await expect(probeDeadLetters(bad.source, bad.deps)).rejects.toThrow(OptionsRejected);
});
