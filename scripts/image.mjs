// Builds the container image: by Docker where its engine runs, else by buildah, which needs no engine. Progress goes to stderr;
// the id, the size and the time it took go to stdout (--json: one object).
//
//   node scripts/image.mjs                                  tailrace/tailrace:<version>
//   node scripts/image.mjs --tag registry.example/tailrace:1.2.3 --platform linux/arm64
//   node scripts/image.mjs --npmrc ~/.npmrc --ca proxy.pem  a registry of one's own; neither is in the image
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { fail, root, say } from './setup.mjs';

/** What FROM names, unless NODE_IMAGE in the environment names another, as a release does: one with a digest. */
const NODE_IMAGE = 'docker.io/library/node:24-bookworm-slim';
const CA_IN_BUILD = '/run/secrets/ca';

/**
 * The command that builds, as program and arguments. `secrets`: id to file; `buildArgs`: name to value. buildah is told to go
 * without namespaces of its own, so that it works within a container, and to keep what OCI's format has no field for: the health
 * check.
 */
export function buildCommand({ engine, tag, platform, buildArgs, secrets }) {
  const common = [
    ...(platform === undefined ? [] : ['--platform', platform]),
    ...Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...Object.entries(secrets).flatMap(([id, file]) => ['--secret', `id=${id},src=${file}`]),
    '--tag',
    tag,
    '.',
  ];
  switch (engine) {
    case 'docker':
      return ['docker', 'buildx', 'build', '--load', ...common];
    case 'buildah':
      return ['buildah', 'bud', '--isolation', 'chroot', '--format', 'docker', '--layers', ...common];
    default:
      throw new Error(`no engine ${engine}: docker or buildah`);
  }
}

function main() {
  const { values } = parseArgs({
    options: {
      tag: { type: 'string' },
      platform: { type: 'string' },
      engine: { type: 'string' },
      npmrc: { type: 'string' },
      ca: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const engine = values.engine ?? engineHere();
  const tag = values.tag ?? `tailrace/tailrace:${version}`;
  const startedAt = Date.now();
  const buildArgs = {
    NODE_IMAGE: engine === 'buildah' ? baseForBuildah() : baseWanted(),
    VERSION: version,
    REVISION: git('rev-parse', 'HEAD') ?? 'unknown',
    CREATED: createdAt(),
  };
  say(`image: building ${tag} from ${buildArgs.NODE_IMAGE} with ${engine}`);
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-image-'));
  try {
    const secrets = secretsFor(values, folder);
    const [program, ...args] = buildCommand({ engine, tag, platform: values.platform, buildArgs, secrets });
    if (spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2] }).status !== 0) {
      fail(`image: ${program} failed: see above.`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const built = { tag, engine, ...inspected(engine, tag), seconds: (Date.now() - startedAt) / 1000 };
  if (values.json) return console.log(JSON.stringify(built));
  const megabytes = (built.bytes / 1e6).toFixed(0);
  console.log(`${built.id}\n${tag}, ${megabytes} MB uncompressed, in ${built.seconds.toFixed(1)} s`);
}

/** A program called docker says little: its engine has to answer. */
function engineHere() {
  if (output('docker', 'version', '--format', '{{.Server.Version}}') !== undefined) return 'docker';
  if (output('buildah', '--version') !== undefined) return 'buildah';
  return fail('image: neither a Docker engine nor buildah is here: bash scripts/tools.sh installs buildah.');
}

function baseWanted() {
  return process.env.NODE_IMAGE ?? NODE_IMAGE;
}

/** The base itself where it is here or can be pulled, else the stand-in. */
function baseForBuildah() {
  const base = baseWanted();
  if (output('buildah', 'pull', '--quiet', '--policy', 'ifmissing', base) !== undefined) return base;
  say(`image: ${base} cannot be pulled; a stand-in takes its place.`);
  const made = spawnSync('bash', [join(root, 'scripts/image-base.sh')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 2],
  });
  if (made.status !== 0) fail('image: there is no base to build from: see above.');
  return made.stdout.trim();
}

/** When the content was made, so that the same content gives the same image: SOURCE_DATE_EPOCH, or the commit. */
function createdAt() {
  const seconds = process.env.SOURCE_DATE_EPOCH ?? git('log', '-1', '--format=%ct') ?? '0';
  return new Date(Number(seconds) * 1000).toISOString();
}

/** Files for `--secret`: what npm needs within the build to reach the registry that it reaches here. */
function secretsFor({ npmrc, ca }, folder) {
  const caFile = ca ?? npmConfig('cafile') ?? process.env.NODE_EXTRA_CA_CERTS;
  const lines = [npmrc === undefined ? `registry=${npmConfig('registry')}` : readFileSync(npmrc, 'utf8')];
  const secrets = { npmrc: join(folder, 'npmrc') };
  if (caFile !== undefined && existsSync(caFile)) {
    secrets.ca = caFile;
    lines.push(`cafile=${CA_IN_BUILD}`);
  }
  writeFileSync(secrets.npmrc, `${lines.join('\n')}\n`, { mode: 0o600 });
  return secrets;
}

function npmConfig(key) {
  const value = output('npm', 'config', 'get', key);
  return value === '' || value === 'null' || value === 'undefined' ? undefined : value;
}

function inspected(engine, tag) {
  if (engine === 'docker') {
    const [{ Id, Size }] = JSON.parse(output('docker', 'image', 'inspect', tag));
    return { id: Id, bytes: Size };
  }
  const { FromImageID, Manifest } = JSON.parse(output('buildah', 'inspect', '--type', 'image', tag));
  const { layers } = JSON.parse(Manifest);
  return { id: `sha256:${FromImageID}`, bytes: layers.reduce((sum, { size }) => sum + size, 0) };
}

function git(...args) {
  return output('git', ...args);
}

/** Trimmed standard output; undefined when the program is missing or fails. */
function output(program, ...args) {
  const { status, stdout } = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? stdout.trim() : undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
