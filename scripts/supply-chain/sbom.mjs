// The software bill of materials, CycloneDX as JSON: npm writes it, and it is held against the lock file, since npm leaves out
// production packages that the build needs too (seen with npm 10.9 and 11.19). So it is given a project without the build's.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runNpm } from './npm.mjs';

/** What npm wrote about the production packages of the lock file. Nothing is installed and nothing is fetched. */
export function sbomOf({ manifest, lock, production }) {
  const scratch = mkdtempSync(join(tmpdir(), 'tailrace-sbom-'));
  const folder = join(scratch, manifest.name); // npm takes the name from the folder
  try {
    mkdirSync(folder);
    const root = { ...lock.packages[''] };
    delete root.devDependencies;
    const kept = production.map(({ place, license }) => [place, { ...lock.packages[place], license }]);
    const slim = { ...manifest };
    for (const key of ['devDependencies', 'scripts', 'overrides']) delete slim[key];
    writeFileSync(join(folder, 'package.json'), JSON.stringify(slim));
    writeFileSync(
      join(folder, 'package-lock.json'),
      JSON.stringify({ ...lock, packages: { '': root, ...Object.fromEntries(kept) } }),
    );
    const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
    const { stdout, stderr, status } = runNpm(args, folder);
    if (status !== 0) throw new Error(`npm sbom failed: ${stderr}`);
    return JSON.parse(stdout);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Each production package once, with the checksum of the lock file and its licence, and nothing else. */
export function sbomCheck(sbom, { manifest, production }) {
  const wrong = [];
  if (sbom.bomFormat !== 'CycloneDX') wrong.push(`the format is ${sbom.bomFormat}, not CycloneDX`);
  const product = sbom.metadata?.component;
  if (product?.name !== manifest.name || product?.version !== manifest.version) {
    wrong.push(`it is about ${product?.name} ${product?.version}`);
  }
  const listed = new Map((sbom.components ?? []).map((each) => [each.purl, each]));
  const needed = new Set(); // one version may lie in two places
  for (const { name, version, integrity } of production) {
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
    const component = listed.get(purl);
    needed.add(purl);
    if (component === undefined) wrong.push(`${name} ${version} is missing`);
    else if (
      sha512Of(component) !== Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex')
    ) {
      wrong.push(`${name} ${version} has another checksum than the lock file`);
    } else if ((component.licenses ?? []).length === 0) wrong.push(`${name} ${version} has no licence`);
  }
  for (const purl of listed.keys()) if (!needed.has(purl)) wrong.push(`${purl} is not needed in production`);
  return {
    wrong,
    summary: `CycloneDX ${sbom.specVersion}, ${production.length} packages, dist/sbom.cdx.json`,
  };
}

function sha512Of({ hashes = [] }) {
  return hashes.find(({ alg }) => alg === 'SHA-512')?.content;
}
