// Which tests do more in the long run than in every other: those that ask for its counts (test/support/long.ts, TAILRACE_SEEDS) or draw
// at random, themselves or through what they import. The others would only say again what `npm test` has said.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const DOES_MORE = /'fast-check'|TAILRACE_SEEDS|\/long\.js'/;

/** Paths of test files from `root` on. */
export function longTests(root) {
  const known = new Map();
  const doesMore = (file) => {
    if (known.has(file)) return known.get(file);
    known.set(file, false); // until it is known: imports may go in circles
    const text = readFileSync(join(root, file), 'utf8');
    const imports = [...text.matchAll(/from '(\.[^']+)\.js'/g)].map((match) =>
      join(dirname(file), `${match[1]}.ts`),
    );
    const ours = imports.filter((each) => each.startsWith('test/') && existsSync(join(root, each)));
    known.set(file, DOES_MORE.test(text) || ours.some(doesMore));
    return known.get(file);
  };
  return readdirSync(join(root, 'test'), { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join('test', file))
    .filter(doesMore);
}
