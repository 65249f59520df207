// Reads a test file: its form by the schema, its names and paths beside the configuration. Every mistake at once, as a finding
// with its place; what a mistake makes useless is left out.

import { lineOfPath, parseConfigDocument, type ConfigDocument, type KeyPath } from '../config/document.js';
import { locate, type Finding, type Problem, type Vocabulary } from '../config/finding.js';
import { interpolate } from '../config/interpolation.js';
import type { ConfigFile } from '../config/load.js';
import { checkAgainst } from '../config/schema-check.js';
import type { JsonSchema } from '../config/schemas.js';
import { unknownKey } from '../config/unknown-key.js';
import type { Stage } from './stage.js';
import type { TestCase, Viewer } from './test-case.js';
import { TestReader, type WrittenTest } from './test-reader.js';
import { PRINCIPALS_SCHEMA, TEST_FILE_KEYS, TEST_SCHEMA, wordsOf } from './test-schema.js';
import { claimProblems, viewerOf, type WrittenClaims } from './viewers.js';

export interface TestFile {
  /** Without those that have a mistake. */
  readonly tests: readonly TestCase[];
  /** In the order of the file. Given an error, nothing of it should be run. */
  readonly findings: readonly Finding[];
}

export function readTestFile({ name, text }: ConfigFile, stage: Stage): TestFile {
  const document = parseConfigDocument(name, text, { integers: 'exact', mergeKeys: true });
  const { tests, problems } = readDocument(document, stage);
  return { tests, findings: locate(problems, document, VOCABULARY) };
}

const VOCABULARY: Vocabulary = {
  connectors: [],
  options: new Set([...TEST_FILE_KEYS, ...wordsOf(PRINCIPALS_SCHEMA), ...wordsOf(TEST_SCHEMA)]),
  docsOf: (path) => `docs/testing.md#${sectionOf(path)}`,
};

/** The heading of docs/testing.md that describes a path. */
function sectionOf(path: KeyPath): string {
  if (path[0] === 'principals' || path.includes('as')) return 'principals';
  if (path.includes('given')) return 'given';
  return path.includes('expect') ? 'expect' : 'tests';
}

interface ReadDocument {
  readonly tests: readonly TestCase[];
  readonly problems: readonly Problem[];
}

function readDocument(document: ConfigDocument, stage: Stage): ReadDocument {
  const faults = document.faults.map(({ code, message, span }): Problem => {
    return { severity: 'error', code, path: [], message, span };
  });
  const root = document.value;
  if (faults.some(({ code }) => code === 'bad-yaml')) return { tests: [], problems: faults };
  if (typeof root !== 'object' || root === null || Array.isArray(root)) {
    const message = 'a test file must be a mapping with tests';
    return { tests: [], problems: [...faults, { severity: 'error', code: 'wrong-type', path: [], message }] };
  }
  const strangers = Object.keys(root).filter((key) => !TEST_FILE_KEYS.some((known) => known === key));
  const principals = readPrincipals('principals' in root ? root.principals : undefined, stage);
  const { tests, problems } = readTests('tests' in root ? root.tests : undefined, {
    document,
    stage,
    principals: principals.viewers,
  });
  return {
    tests,
    problems: [
      ...faults,
      ...strangers.map((key) => unknownKey([key], { known: TEST_FILE_KEYS, where: 'a test file' })),
      ...principals.problems,
      ...problems,
    ],
  };
}

interface ReadPrincipals {
  readonly viewers: ReadonlyMap<string, Viewer>;
  readonly problems: readonly Problem[];
}

function readPrincipals(written: unknown, stage: Stage): ReadPrincipals {
  if (written === undefined) return { viewers: new Map(), problems: [] };
  const { value, problems } = checkForm(PRINCIPALS_SCHEMA, written, ['principals'], 'principals');
  if (problems.length > 0) return { viewers: new Map(), problems };
  const people = Object.entries(value as Readonly<Record<string, WrittenClaims>>);
  return {
    viewers: new Map(people.map(([name, claims]) => [name, viewerOf(claims, stage, name)])),
    problems: people.flatMap(([name, claims]): Problem[] => {
      const path = ['principals', name];
      if (name !== 'anonymous') return claimProblems(claims, path, stage);
      const message = 'anonymous is what everybody without a token is called; choose another name';
      return [{ severity: 'error', code: 'bad-value', path, part: 'key', message }];
    }),
  };
}

interface TestsContext {
  readonly document: ConfigDocument;
  readonly stage: Stage;
  readonly principals: ReadonlyMap<string, Viewer>;
}

function readTests(written: unknown, context: TestsContext): ReadDocument {
  if (!Array.isArray(written) || written.length === 0) {
    const message = 'tests must be a list with at least one test: begin each with "- name:"';
    const code = written === undefined ? 'missing-key' : 'wrong-type';
    return { tests: [], problems: [{ severity: 'error', code, path: ['tests'], message }] };
  }
  const { document } = context;
  const reader = new TestReader({
    ...context,
    file: document.file,
    lineOf: (path) => lineOfPath(document, path),
  });
  const problems: Problem[] = [];
  const tests = written.flatMap((item: unknown, index) => {
    const path = ['tests', index];
    const checked = checkForm(TEST_SCHEMA, item, path, `tests[${index}]`);
    problems.push(...checked.problems);
    return checked.problems.length > 0 ? [] : [reader.read(checked.value as WrittenTest, path)];
  });
  return { tests, problems: [...problems, ...reader.problems] };
}

function checkForm(schema: JsonSchema, written: unknown, path: KeyPath, where: string) {
  return checkAgainst(schema, written, { path, where, interpolated: NOTHING_INTERPOLATED });
}

/** A test file is taken as it stands: `{ env: NAME }` in it is a value like any other. */
const NOTHING_INTERPOLATED = interpolate({}, { kind: 'offline' });
