// Pages that are made from the code say what the code says.

import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { errorsPage } from '../../src/cli/errors-page.js';
import type { SourceType } from '../../connectors/contract.js';
import { kafka } from '../../connectors/kafka/kafka.js';
import { postgres } from '../../connectors/postgres/postgres.js';
import { rest } from '../../connectors/rest/rest.js';
import { withOptions } from '../../src/config/reference.js';
import { docsOf, ERROR_CATALOGUE, type ErrorCode } from '../../src/errors.js';
import { createLog } from '../../src/telemetry/logger.js';
import { METRICS } from '../../src/telemetry/metrics.js';
import { metricsPage } from '../../src/telemetry/metrics-page.js';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const CODES = Object.keys(ERROR_CATALOGUE) as ErrorCode[];

test('docs/errors.md is not stale (else: node scripts/docs.mjs)', () => {
  expect(read('docs/errors.md')).toBe(errorsPage());
});

test('docs/metrics.md is not stale (else: node scripts/docs.mjs)', () => {
  expect(read('docs/metrics.md')).toBe(metricsPage(METRICS));
});

test.each<SourceType<never>>([kafka, postgres, rest])(
  'the options of $type are not stale (else: node scripts/docs.mjs)',
  (connector) => {
    const page = read(`docs/sources/${connector.type}.md`);
    expect(withOptions(page, connector)).toBe(page);
  },
);

describe('a line at level error', () => {
  test.each(CODES)('%s names its code and its paragraph', (code) => {
    let line = '';
    const log = createLog({ level: 'error', style: 'json', write: (text) => (line += text) });
    log.child({ source: 'a' }).error(code, { a: 1 });
    const [page = '', anchor] = docsOf(code).split('#');
    expect(JSON.parse(line)).toMatchObject({ level: 'error', event: code, code, docs: docsOf(code), a: 1 });
    expect(read(page)).toContain(`<a id="${anchor}"></a>`);
  });

  test('may name a page that is closer, but never another code', () => {
    let line = '';
    createLog({ level: 'error', style: 'json', write: (text) => (line += text) }).error('config-mistake', {
      code: 'x',
      docs: 'docs/config.md#listen',
    });
    expect(JSON.parse(line)).toMatchObject({ code: 'config-mistake', docs: 'docs/config.md#listen' });
  });

  test('is of the catalogue wherever one is written, and the catalogue has no code that nothing uses', () => {
    const lines = sources().flatMap(({ file, text }) => errorLines(file, text));
    expect(lines.length).toBeGreaterThan(8);
    const strangers = lines.filter(({ code }) => code !== undefined && !CODES.includes(code as ErrorCode));
    expect(strangers).toEqual([]);
    const elsewhere = sources().filter(({ file }) => file !== 'src/errors.ts');
    const unused = CODES.filter((code) => !elsewhere.some(({ text }) => text.includes(`'${code}'`)));
    expect(unused).toEqual([]);
  });

  test('is seen by this test when its code is of no catalogue', () => {
    expect(errorLines('a.ts', "this.#o.log.error('stray', {}); log.error(known ? 'a' : 'b');")).toMatchObject(
      [{ code: 'stray' }, { code: 'a' }, { code: 'b' }],
    );
  });
});

interface Source {
  readonly file: string;
  readonly text: string;
}

function sources(): Source[] {
  return ['src', 'connectors'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
      .map((name) => ({ file: join(folder, name), text: read(join(folder, name)) })),
  );
}

/** The codes of all calls `….log.error(code)`, one per literal of the first argument; undefined where there is none. */
function errorLines(file: string, text: string): { file: string; code: string | undefined }[] {
  const found: { file: string; code: string | undefined }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isErrorOfLog(node.expression)) {
      const [first] = node.arguments;
      const literals = first === undefined ? [] : literalsIn(first);
      found.push(...(literals.length === 0 ? [undefined] : literals).map((code) => ({ file, code })));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return found;
}

function isErrorOfLog(called: ts.Expression): boolean {
  if (!ts.isPropertyAccessExpression(called) || called.name.text !== 'error') return false;
  const { expression: target } = called;
  const name = ts.isPropertyAccessExpression(target)
    ? target.name.text
    : ts.isIdentifier(target)
      ? target.text
      : '';
  return /log$/i.test(name) || ts.isCallExpression(target);
}

function literalsIn(node: ts.Expression): string[] {
  if (ts.isStringLiteral(node)) return [node.text];
  if (ts.isParenthesizedExpression(node)) return literalsIn(node.expression);
  return ts.isConditionalExpression(node)
    ? [...literalsIn(node.whenTrue), ...literalsIn(node.whenFalse)]
    : [];
}
