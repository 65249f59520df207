// What comes into the product from elsewhere, checked: one line per check, exit code 1 when one fails. docs/supply-chain.md says
// what each of them holds.
//
//   node scripts/supply-chain.mjs                    all
//   node scripts/supply-chain.mjs lock licences      only these; lock, scripts, size and licences need no network
//   node scripts/supply-chain.mjs licences --write   writes docs/licences.md anew
//   node scripts/supply-chain.mjs sbom               writes dist/sbom.cdx.json
//
// For tests: --root <folder> checks another project, --today <date> another day, --audit-report <file> another answer of npm.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { auditCheck } from './supply-chain/audit.mjs';
import { licencesCheck, licencesPage } from './supply-chain/licences.mjs';
import { installScriptsCheck, lockCheck, readProject, sizeCheck } from './supply-chain/lock.mjs';
import { sbomOf, sbomCheck } from './supply-chain/sbom.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    root: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
    today: { type: 'string', default: new Date().toISOString().slice(0, 10) },
    'audit-report': { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const { root, today } = values;
const project = readProject(root);

/** Each gives what it found wrong, and one sentence about what it looked at. */
const CHECKS = {
  lock: () => lockCheck(project),
  scripts: () => installScriptsCheck(project),
  size: () => sizeCheck(project),
  licences() {
    if (values.write) writeFileSync(join(root, 'docs/licences.md'), licencesPage(project));
    return licencesCheck(project);
  },
  sbom() {
    const sbom = sbomOf(project);
    mkdirSync(join(root, 'dist'), { recursive: true });
    writeFileSync(join(root, 'dist/sbom.cdx.json'), `${JSON.stringify(sbom, null, 2)}\n`);
    return sbomCheck(sbom, project);
  },
  audit: () => auditCheck(project, { today, reportFile: values['audit-report'] }),
};

const unknown = positionals.filter((name) => !Object.hasOwn(CHECKS, name));
if (unknown.length > 0) {
  console.error(`no check is called ${unknown.join(', ')}: there are ${Object.keys(CHECKS).join(', ')}`);
  process.exit(2);
}
for (const name of positionals.length > 0 ? positionals : Object.keys(CHECKS)) {
  const { wrong, waived = false, summary } = CHECKS[name]();
  const verdict = wrong.length > 0 ? 'FAIL' : waived ? 'WAIVED' : 'ok';
  console.log(`${verdict.padEnd(7)}${name.padEnd(10)}${summary}`);
  for (const each of wrong) console.log(`       ${each}`);
  if (wrong.length > 0) process.exitCode = 1;
}
