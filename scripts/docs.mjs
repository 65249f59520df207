// Writes the pages and the schema that are made from the code: docs/config.md, docs/errors.md, docs/metrics.md, the options in
// docs/sources/{kafka,push}.md, and the two schemas for editors in schema/. With --check it only says which of them are stale.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Compiles into `folder`; types are checked elsewhere, here only the output matters. */
function compileTo(folder) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const flags = ['-p', 'tsconfig.build.json', '--noCheck', '--incremental', 'false', '--outDir', folder];
  execFileSync(process.execPath, [tsc, ...flags], { cwd: root, stdio: 'inherit' });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
}

/** Texts by their place in the repository. */
async function generated(folder) {
  const load = (file) => import(pathToFileURL(join(folder, file)).href);
  const { connectors } = await load('connectors/registry.js');
  const { configReference, withOptions } = await load('src/config/reference.js');
  const { editorSchemaText } = await load('src/config/editor-schema.js');
  const { errorsPage } = await load('src/cli/errors-page.js');
  const { METRICS } = await load('src/telemetry/metrics.js');
  const { metricsPage } = await load('src/telemetry/metrics-page.js');
  const { testFileSchemaText } = await load('src/rehearsal/test-schema.js');
  const example = readFileSync(join(root, 'examples/tailrace.yaml'), 'utf8');
  const pages = connectors.map((connector) => {
    const path = `docs/sources/${connector.type}.md`;
    return [path, withOptions(readFileSync(join(root, path), 'utf8'), connector)];
  });
  return {
    ...Object.fromEntries(pages),
    'docs/config.md': configReference(connectors, example),
    'docs/errors.md': errorsPage(),
    'docs/metrics.md': metricsPage(METRICS),
    'schema/tailrace.schema.json': editorSchemaText(connectors),
    'schema/tailrace.test.schema.json': testFileSchemaText(),
  };
}

const folder = mkdtempSync(join(tmpdir(), 'tailrace-docs-'));
try {
  compileTo(folder);
  for (const [path, text] of Object.entries(await generated(folder))) {
    const file = join(root, path);
    if (!process.argv.includes('--check')) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    } else if (readFileSync(file, 'utf8') !== text) {
      console.error(`${path} is stale: run node scripts/docs.mjs`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
