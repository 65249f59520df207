// Licences of what production needs: the page docs/licences.md, and whether all of them may be passed on with the product.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences that ask for no more than that their text stays with the code. */
const ALLOWED = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

/** The licence of the product: its text is in every copy anyway. */
const OUR_OWN = 'Apache-2.0';

const PERMISSION = 'Permission is hereby granted';

export function licencesCheck(project) {
  const wrong = project.production.flatMap((each) => faultsOf(each, project));
  const page = join(project.root, 'docs/licences.md');
  if (!existsSync(page) || readFileSync(page, 'utf8') !== licencesPage(project)) {
    wrong.push('docs/licences.md is stale: node scripts/supply-chain.mjs licences --write');
  }
  const used = [...new Set(project.production.map(({ license }) => license))].sort();
  return { wrong, summary: `${project.production.length} packages: ${used.join(', ')}` };
}

function faultsOf({ name, license, place }, { root }) {
  if (!ALLOWED.includes(license))
    return [`${name} has the licence ${license ?? 'of nobody'}, which is not on the list`];
  const folder = join(root, place);
  if (!existsSync(folder) || readdirSync(folder).some((file) => hasText(join(folder, file), file))) return [];
  return license === OUR_OWN ? [] : [`${name} comes without the text of its licence`];
}

function hasText(path, file) {
  if (/^(licen[cs]e|copying)/i.test(file)) return true;
  return /^readme/i.test(file) && readFileSync(path, 'utf8').includes(PERMISSION);
}

export function licencesPage({ production }) {
  const rows = production
    .map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`)
    .sort((a, b) => (a < b ? -1 : 1));
  return [
    '# Licences',
    '',
    'What runs in production beside Tailrace itself (Apache-2.0). Written by `node scripts/supply-chain.mjs licences --write`; a stale',
    'page fails the tests. The text of each licence lies in the folder of its package: `node_modules/<name>`, in the image',
    '`/app/node_modules/<name>`.',
    '',
    '| package | version | licence |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
