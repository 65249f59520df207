// Writes docs/config.md from src/config and the connectors' schemas; with --check only says whether it is stale.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs/config.md');
const built = mkdtempSync(join(tmpdir(), 'tailrace-docs-'));
try {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  // Types are checked elsewhere; here only the output matters.
  const flags = ['-p', 'tsconfig.build.json', '--noCheck', '--incremental', 'false', '--outDir', built];
  execFileSync(process.execPath, [tsc, ...flags], { cwd: root, stdio: 'inherit' });
  writeFileSync(join(built, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(built, 'node_modules'));
  const load = (file) => import(pathToFileURL(join(built, file)).href);
  const { configReference } = await load('src/config/reference.js');
  const { connectors } = await load('connectors/registry.js');
  const text = configReference(connectors, readFileSync(join(root, 'examples/tailrace.yaml'), 'utf8'));
  if (!process.argv.includes('--check')) writeFileSync(page, text);
  else if (readFileSync(page, 'utf8') !== text) {
    console.error('docs/config.md is stale: run node scripts/config-docs.mjs');
    process.exitCode = 1;
  }
} finally {
  rmSync(built, { recursive: true, force: true });
}
