// What docs/sources/formats.md says of formats with a schema registry: its configurations are accepted, its faults are all there
// are, and samples need no registry.

import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectors } from '../../connectors/registry.js';
import { sampleRecord } from '../../src/cli/sample.js';
import { findingText } from '../../src/config/finding.js';
import { loadConfig } from '../../src/config/load.js';
import { REJECTION_CODES } from '../../src/rehearsal/rejection-codes.js';
import { resolved } from '../config/loading.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/sources/formats.md'), 'utf8');
const SECTION = PAGE.split(/^## /m).find((section) => section.startsWith('Avro')) ?? '';
const REST = 'auth: none\nlisten: { host: 127.0.0.1 }\nentitlements: [{ allow: everyone, paths: ["**"] }]\n';
const configs = [...SECTION.matchAll(/^```yaml\n([^]*?)^```/gm)].map(([, text = '']) => text + REST);
const load = (text: string) => loadConfig({ name: 'formats.md', text }, connectors, { kind: 'offline' });

describe('formats with a schema registry', () => {
  test.each(configs)('configuration %# is accepted', (text) => {
    expect(load(text).findings.map(findingText)).toEqual([]);
  });

  test('every fault of a document stands on the page', () => {
    const codes = ['framing', 'unknown-schema', 'schema-mismatch', 'invalid'];
    expect(REJECTION_CODES).toEqual(expect.arrayContaining(codes));
    for (const code of codes) expect(SECTION).toContain(`| \`${code}\` |`);
  });

  test('a sample is the JSON that a record would become', () => {
    const origin = { topic: '', partition: 0, timestamp: 0, headers: {} };
    const [sample] = sampleRecord(resolved(load(configs[0] ?? '')), {
      ...origin,
      key: 'k',
      value: { symbol: 'X' },
    });
    expect(sample).toMatchObject({
      outcome: 'mapped',
      paths: [{ path: 'prices/X', value: { symbol: 'X' } }],
    });
  });
});
