// `npm run promises`: each promise of docs/promises.md with the tests that name its id. Exit code 1 when a promise that is not
// marked *later* has no test.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Rows `| id | text |` of the page. */
function promises() {
  const page = readFileSync(join(root, 'docs/promises.md'), 'utf8');
  return [...page.matchAll(/^\| ([A-G]\d+) \| (.+) \|$/gm)].map(([, id, text]) => ({
    id,
    text,
    isLater: text.includes('*Later'),
  }));
}

/** Names of tests and groups, with their file, as written: templates of `each` included. */
function testNames() {
  return readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path, 'utf8');
      const names = text.matchAll(
        /\b(?:test|it|describe)(?:\.each)?[^'"`]{0,400}?\(\s*(['"`])((?:(?!\1).)*)\1\s*,\s*(?:async\s*)?(?:\(|function|\w+\s*=>)/gs,
      );
      return [...names].map(([, , name]) => ({ file: relative(root, path), name }));
    });
}

const tests = testNames();
const listed = promises();
let without = 0;
for (const { id, text, isLater } of listed) {
  const named = tests.filter(({ name }) => new RegExp(`\\b${id}\\b`).test(name));
  if (named.length === 0 && !isLater) without += 1;
  console.log(`${named.length > 0 ? 'ok   ' : isLater ? 'later' : 'NONE '} ${id.padEnd(4)} ${text}`);
  for (const { file, name } of named) console.log(`            ${file}: ${name}`);
}
console.log(`${listed.length} promises, ${tests.length} tests read, ${without} promises without a test`);
process.exitCode = without === 0 ? 0 : 1;
