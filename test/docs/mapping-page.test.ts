// The pages on mapping and on envelopes: their configurations are accepted, and the example becomes what the page says.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { connectors } from '../../connectors/registry.js';
import { sampleRecord } from '../../src/cli/sample.js';
import { findingText } from '../../src/config/finding.js';
import { loadConfig } from '../../src/config/load.js';
import type { MapFault } from '../../src/map/rule.js';
import { REJECTION_CODES } from '../../src/rehearsal/rejection-codes.js';
import { resolved } from '../config/loading.js';

const read = (page: string) => readFileSync(join(import.meta.dirname, '..', '..', 'docs', page), 'utf8');
const blocksOf = (text: string, language: string) =>
  [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, kind, block = '']) =>
    kind === language ? [block] : [],
  );
const PAGE = read('mapping.md');
const FORMATS = read('sources/formats.md').split(/^## /m);
const ENVELOPES = FORMATS.filter((section) => /^(CloudEvents|Debezium)/.test(section));

const load = (text: string) => loadConfig({ name: 'page.yaml', text }, connectors, { kind: 'offline' });

test('the example is accepted, and becomes what the page says', () => {
  const config = resolved(load(blocksOf(PAGE, 'yaml')[0] ?? ''));
  const value = blocksOf(PAGE, 'json')[0] ?? '';
  const [sample] = sampleRecord(config, {
    ...{ topic: 'shop.orders', partition: 0, timestamp: 0, headers: {}, key: '7' },
    value: JSON.parse(value),
  });
  const shown = (blocksOf(PAGE, 'text')[0] ?? '')
    .trim()
    .split('\n')
    .map((line) => line.split(/ +(.*)/));
  expect(
    sample?.outcome === 'mapped' && sample.paths.map(({ path, value }) => [path, JSON.stringify(value), '']),
  ).toEqual(shown);
});

describe('the configurations for envelopes', () => {
  const configs = ENVELOPES.flatMap((section) => blocksOf(section, 'yaml'));
  const rest =
    'auth: none\nlisten: { host: 127.0.0.1 }\nentitlements: [{ allow: everyone, paths: ["**"] }]\n';

  test.each(configs.map((text) => [/name: (\w+)/.exec(text)?.[1], text]))('%s is accepted', (_, text) => {
    expect(load(`${text}${rest}`).findings.map(findingText)).toEqual([]);
  });

  test('there are four', () => {
    expect(configs).toHaveLength(4);
  });

  test('a flattened row is published without its mark, or deletes', () => {
    const config = resolved(load(`${configs.find((text) => text.includes('name: flattened'))}${rest}`));
    const row = (__deleted: string) =>
      sampleRecord(config, {
        ...{ topic: '', partition: 0, timestamp: 0, headers: {}, key: { id: 1 } },
        value: { id: 1, __deleted },
      })[0];
    expect(row('true')).toMatchObject({ paths: [{ path: 'customers/1', deleted: true }] });
    expect(row('false')).toMatchObject({ paths: [{ path: 'customers/1', value: { id: 1 } }] });
  });
});

test('every code of the stage is explained', () => {
  const faults: readonly MapFault[] = REJECTION_CODES.slice(
    REJECTION_CODES.indexOf('field-missing'),
    REJECTION_CODES.indexOf('two-rules-one-path') + 1,
  ) as MapFault[];
  expect(faults.length).toBeGreaterThan(12);
  const table = PAGE.slice(PAGE.indexOf('## Why a record was rejected'));
  for (const fault of faults) expect(table).toContain(`\`${fault}\``);
});
