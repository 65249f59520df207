// A test file as JSON Schema: what is validated, and what editors are given. `mustBe` is the sentence for a value that
// does not fit, `forms` what only editors are told. What only shows beside the configuration (names, paths, claims) is references.ts.

import { schemasBelow, type JsonSchema } from '../config/schemas.js';
import { REJECTION_CODES } from './rejection-codes.js';

const text = { type: 'string', minLength: 1 };

const CLAIMS_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'Claims of a token. `role` or `roles` stand for the claim that `auth.jwt.roles` names.',
  properties: {
    role: { ...text, description: 'The only role.' },
    roles: { type: 'array', items: text, uniqueItems: true, description: 'All roles.' },
    sub: { ...text, description: 'Who it is.' },
  },
};

export const PRINCIPALS_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'People by name, for `as`. The name `anonymous` is taken.',
  additionalProperties: CLAIMS_SCHEMA,
};

const RECORD_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'A record as the source reads it.',
  additionalProperties: false,
  required: ['value'],
  properties: {
    source: { ...text, description: 'Name of the source. Needed where the configuration has several.' },
    key: {
      description:
        'Text is the raw text, anything else its JSON; with format `bytes` base64. Left out or null: the record has no key.',
    },
    value: { description: 'The same. null: a tombstone, which deletes what its key gave before.' },
    headers: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Headers by name.',
    },
    topic: { type: 'string', description: 'Where it was read; for rules that use `topic`.' },
    partition: { type: 'integer', minimum: 0, description: 'Default 0.' },
    timestamp: { type: 'number', description: 'Event time in milliseconds since 1970. Default 0.' },
  },
};

const PATHS_SCHEMA: JsonSchema = { type: 'object', description: 'Values by path.' };

const EXPECTATION_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'What somebody sees after the last record, or what became of a record.',
  additionalProperties: false,
  properties: {
    as: {
      anyOf: [text, CLAIMS_SCHEMA],
      mustBe: 'claims, the name of a principal, or the word anonymous',
      description: 'Claims, the name of a principal, or `anonymous` for a session without a token.',
    },
    sees: {
      anyOf: [{ const: 'nothing' }, PATHS_SCHEMA],
      mustBe: 'the word nothing, or a mapping from path to value',
      description: 'All that is seen, path by path; or `nothing`.',
    },
    includes: {
      ...PATHS_SCHEMA,
      description: 'Some of what is seen: whole values, other paths may be there.',
    },
    never: { type: 'array', items: text, minItems: 1, description: 'Filters that no seen path matches.' },
    rejected: { enum: REJECTION_CODES, description: 'The record is rejected with this code.' },
    filtered: { const: true, description: 'No rule of the source holds for the record.' },
    record: {
      type: 'integer',
      minimum: 1,
      description: 'Which record of `given` is rejected or filtered, from 1. Default: the last.',
    },
  },
  // For editors; TestReader says it in better words.
  forms: [
    {
      required: ['as'],
      anyOf: [{ required: ['sees'] }, { required: ['includes'] }, { required: ['never'] }],
    },
    { required: ['rejected'] },
    { required: ['filtered'] },
  ],
};

export const TEST_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'Records, and what becomes of them.',
  additionalProperties: false,
  required: ['name', 'given', 'expect'],
  properties: {
    name: { ...text, description: 'A sentence that says what is promised.' },
    given: {
      anyOf: [RECORD_SCHEMA, { type: 'array', items: RECORD_SCHEMA, minItems: 1 }],
      mustBe: 'a record, or a list of records',
      description: 'One record, or several in their order. Every test starts with nothing.',
    },
    expect: { type: 'array', minItems: 1, items: EXPECTATION_SCHEMA, description: 'What has to be true.' },
  },
};

/** Keys at the top of a test file. */
export const TEST_FILE_KEYS = ['principals', 'tests'] as const;

/** The text of schema/tailrace.test.schema.json. */
export function testFileSchemaText(): string {
  return `${JSON.stringify(testFileSchema(), null, 2)}\n`;
}

/** The whole file, for editors: those of today know draft-07 best, and nothing here needs more. */
export function testFileSchema(): JsonSchema {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Tests of a Tailrace configuration',
    description: 'See docs/testing.md. `tailrace test` finds more than an editor can.',
    type: 'object',
    additionalProperties: false,
    required: ['tests'],
    properties: {
      principals: PRINCIPALS_SCHEMA,
      tests: { type: 'array', minItems: 1, items: TEST_SCHEMA, description: 'The tests, each on its own.' },
    },
  };
  return asStandard(schema) as JsonSchema;
}

/** Names of keys that a schema knows, at any depth. */
export function wordsOf(schema: JsonSchema): string[] {
  const own = Object.keys(schema['properties'] ?? {});
  return [...own, ...schemasBelow(schema).flatMap(wordsOf)];
}

/** `mustBe` and `forms` are words of ours. */
function asStandard(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(asStandard);
  if (typeof node !== 'object' || node === null) return node;
  const kept = Object.entries(node).filter(([keyword]) => keyword !== 'mustBe');
  return Object.fromEntries(
    kept.map(([keyword, below]) => [keyword === 'forms' ? 'oneOf' : keyword, asStandard(below)]),
  );
}
