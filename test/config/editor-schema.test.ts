// The schema for editors: it refuses nothing that `check` accepts, and what people most often get wrong it refuses as well.

import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { connectors } from '../../connectors/registry.js';
import { editorSchema, editorSchemaText } from '../../src/config/editor-schema.js';
import { loadConfig } from '../../src/config/load.js';
import { parseConfigDocument } from '../../src/config/document.js';
import type { JsonSchema } from '../../src/config/schemas.js';
import { BROKEN_CONFIGS } from './broken-configs.js';
import { mutatedConfigs, SEED_CONFIGS } from './mutations.js';
import { isLong } from '../support/long.js';

const RUNS = isLong ? 1_500 : 200;
const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false });
const accepts = ajv.compile(editorSchema(connectors));
const valueOf = (text: string) => parseConfigDocument('tailrace.yaml', text).value ?? null;
const isClean = (text: string) =>
  loadConfig({ name: 'tailrace.yaml', text }, connectors, { kind: 'offline' }).config !== undefined;

test('schema/tailrace.schema.json is not stale (else: node scripts/docs.mjs)', () => {
  expect(readFileSync('schema/tailrace.schema.json', 'utf8')).toBe(editorSchemaText(connectors));
});

describe('the editor’s schema accepts', () => {
  const examples = readdirSync('examples').filter((name) => /(?<!\.test)\.yaml$/.test(name));
  const files = [...examples.map((name) => `examples/${name}`), 'tailrace.yaml'].filter((path) =>
    existsSync(path),
  );
  test.each(files)('%s', (path) => {
    accepts(valueOf(readFileSync(path, 'utf8')));
    expect(accepts.errors ?? []).toEqual([]);
  });

  test('everything that check accepts', () => {
    let clean = 0;
    fc.assert(
      fc.property(mutatedConfigs, (text) => {
        if (!isClean(text)) return;
        clean += 1;
        accepts(valueOf(text));
        expect(accepts.errors ?? []).toEqual([]);
      }),
      { numRuns: RUNS },
    );
    expect(clean).toBeGreaterThan(RUNS / 20);
  }, 600_000);

  test('a value from elsewhere wherever a scalar stands, and whatever else is odd and right', () => {
    const text = SEED_CONFIGS.join('\n---\n'); // what the seeds hold is what is meant: see mutations.ts
    expect(text).toContain('env:');
    for (const seed of SEED_CONFIGS) {
      expect(isClean(seed)).toBe(true);
      accepts(valueOf(seed));
      expect(accepts.errors ?? []).toEqual([]);
    }
  });
});

/** What takes the whole file, the surroundings, or a grammar that no schema can state. */
const ONLY_CHECK = new Set<string>([
  ...['duplicate-key', 'bad-yaml', 'overlap', 'duplicate-name', 'limits-order', 'shutdown-order'],
  ...['auth-none-exposed', 'algorithm-family', 'bad-key', 'bad-rule', 'schema-registry', 'outbound-refused'],
]);

describe('the editor’s schema refuses', () => {
  const seen = BROKEN_CONFIGS.filter(({ code }) => !ONLY_CHECK.has(code));

  test('most of the mistakes that check finds', () => {
    expect(seen.length).toBeGreaterThan(45);
  });
  test.each(seen)('$name', ({ text, code, name }) => {
    // Of a text with a unit no schema can say how much it is.
    const isAboutRange = code === 'out-of-range' && /^a (duration|size) /.test(name);
    expect(accepts(valueOf(text))).toBe(isAboutRange);
  });

  test('a secret in the file, but not one from elsewhere', () => {
    const withSecret = (secret: string) =>
      valueOf(`
admin: { token: ${secret} }
auth: { jwt: { secret: ${secret}, issuer: i, audience: a } }
sources:
  - name: a
    kafka: { brokers: [a:1], topics: [t], sasl: { mechanism: plain, username: u, password: ${secret} } }
    map: [{ path: a }]
`);
    expect(accepts(withSecret('{ env: X }'))).toBe(true);
    expect(accepts(withSecret('{ file: /run/x }'))).toBe(true);
    expect(accepts(withSecret('0123456789012345678901234567890123456789'))).toBe(false);
    expect(accepts(withSecret('{ env: X, file: Y }'))).toBe(false);
  });
});

test('every place that can be written has a title and a description, and every default and example is valid', () => {
  const faults: string[] = [];
  const visit = (schema: JsonSchema): void => {
    const {
      title,
      description,
      default: fallback,
      examples = [],
      properties = {},
      items,
      anyOf = [],
    } = schema;
    if (
      typeof title === 'string' &&
      title !== 'sources[].map' &&
      typeof description !== 'string' &&
      !/\[\]$|\*$/.test(title)
    )
      faults.push(`${title} has no description`);
    const isValid = ajv.compile({ ...schema, definitions: editorSchema(connectors)['definitions'] });
    for (const value of [...(fallback === undefined ? [] : [fallback]), ...(examples as unknown[])]) {
      if (!isValid(value)) faults.push(`${String(title)}: ${JSON.stringify(value)}`);
    }
    for (const below of [
      ...Object.values(properties as object),
      ...(anyOf as unknown[]),
      ...(items ? [items] : []),
    ])
      visit(below as JsonSchema);
  };
  visit(editorSchema(connectors));
  expect(faults).toEqual([]);
});
