// Which sources are atomic: what the configuration says, else what their type is by default.

import { expect, test } from '@jest/globals';
import type { SourceType } from '../../connectors/contract.js';
import { loadConfig } from '../../src/config/load.js';
import { printedValues } from '../../src/config/printed-config.js';
import { yaml } from './loading.js';
import { streamConnector } from './stream-connector.js';

/** Of types that tell transactions, one of which is atomic unless told otherwise, and one that knows of none. */
const TYPES: readonly SourceType<unknown>[] = [
  { ...streamConnector, type: 'whole', transactions: true, atomicByDefault: true },
  { ...streamConnector, type: 'plain', transactions: true },
  { ...streamConnector, type: 'none', atomicByDefault: true },
];

function load(type: string, atomic = '') {
  const sources = `sources:
  - name: quotes
    ${type}: { hosts: [a:1], topics: [fx.quotes] }
    ${atomic}
    map: [{ path: "prices/{key}" }]`;
  const text = yaml({ sources, auth: 'listen: { host: localhost }\nauth: none' });
  return loadConfig({ name: 'tailrace.yaml', text }, TYPES, { kind: 'online', env: {}, readFile: () => '' });
}

test.each<[string, string, boolean, string]>([
  ['whole', '', true, 'default'],
  ['whole', 'atomic: false', false, 'tailrace.yaml:7'],
  ['whole', 'atomic: true', true, 'tailrace.yaml:7'],
  ['plain', '', false, 'default'],
  ['plain', 'atomic: true', true, 'tailrace.yaml:7'],
  ['none', '', false, 'default'],
])(
  'a source of type %s with "%s" is atomic: %s, and the printed one says so',
  (type, written, is, origin) => {
    const { config, origins } = load(type, written);
    expect(config?.sources[0]?.atomic).toBe(is);
    const printed =
      origins && printedValues(origins, TYPES).find(({ key }) => key === 'sources.quotes.atomic');
    expect(printed).toEqual({ key: 'sources.quotes.atomic', value: is, origin });
  },
);

test('a type that tells no transactions cannot be atomic', () => {
  expect(load('none', 'atomic: true').findings).toMatchObject([
    { code: 'bad-value', message: expect.stringContaining('none does not tell which records') },
  ]);
});
