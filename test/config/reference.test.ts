// docs/config.md is what the definitions say, and the example on it is a configuration without findings.

import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { connectors } from '../../connectors/registry.js';
import { rest } from '../../connectors/rest/rest.js';
import { loadConfig } from '../../src/config/load.js';
import { envNameOf, OPTIONS, type Option } from '../../src/config/options.js';
import { configReference, withOptions } from '../../src/config/reference.js';

const example = readFileSync('examples/tailrace.yaml', 'utf8');

test('docs/config.md is not stale (else: node scripts/docs.mjs)', () => {
  expect(readFileSync('docs/config.md', 'utf8')).toBe(configReference(connectors, example));
});

test('the example has no finding', () => {
  const loaded = loadConfig({ name: 'examples/tailrace.yaml', text: example }, connectors, {
    kind: 'offline',
  });
  expect(loaded.findings).toEqual([]);
});

test('every option has a sentence, a reason, a default of its own kind, and a variable that no other has', () => {
  const variables = new Set<string>();
  for (const [section, options] of Object.entries<Readonly<Record<string, Option<unknown>>>>(OPTIONS)) {
    for (const [name, option] of Object.entries(options)) {
      expect(option.doc).toMatch(/^[A-Z].*\.$/);
      expect(option.reason).toMatch(/\.$/);
      if (option.format.isSecret !== true)
        expect(option.format.parse(option.default)).toMatchObject({ ok: true });
      variables.add(envNameOf(section, name));
    }
  }
  expect(variables.size).toBe(Object.values(OPTIONS).flatMap((options) => Object.keys(options)).length);
});

test('of an option with several forms every member has its row, with the form that it is of', () => {
  const form = (by: string, properties: object) => ({
    type: 'object',
    properties: { by: { const: by, description: `By ${by}.` }, ...properties },
  });
  const size = (description: string) => ({ size: { type: 'integer', description } });
  const paging = {
    description: 'Pages.',
    oneOf: [form('page', size('Items.')), form('offset', size('Step.'))],
  };
  const login = { type: 'object', description: 'Who.', oneOf: [{ required: ['a'] }], properties: {} };
  const type = { ...rest, options: { type: 'object', properties: { paging, login } } };
  const page = withOptions(
    '<!-- options of rest: written by scripts/docs.mjs -->\n<!-- end of options -->',
    type,
  );
  expect(page).toContain('| `paging` | mapping |');
  expect(page).toContain('| `paging.by` | `page` or `offset` |  | `page`: By page. `offset`: By offset. |');
  expect(page).toContain(
    '| `paging.size` | whole number |  | With `by: page`: Items. With `by: offset`: Step. |',
  );
  expect(page).toContain('| `login` | mapping |');
  expect(page).not.toContain('undefined');
});
