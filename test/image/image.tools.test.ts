// What is in the image, layer by layer, and what it tells an engine. How it runs is container.tools.test.ts.

import { beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { buildImage, filesByLayer, type BuiltImage, type LayerFile } from './image.js';

const ROOT = join(import.meta.dirname, '../..');
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

let image: BuiltImage;
/** Of the layers above the base. */
let ours: readonly LayerFile[];

beforeAll(() => {
  image = buildImage();
  ours = filesByLayer(image).slice(1).flat();
  const layers = image.layers.map(
    ({ bytes, madeBy }) => `  ${megabytes(bytes).padStart(9)}  ${madeBy.slice(0, 80)}`,
  );
  process.stderr.write(
    `image: ${megabytes(image.bytes)} uncompressed, built in ${image.seconds.toFixed(0)} s\n${layers.join('\n')}\n`,
  );
}, 600_000);

/** Names of production packages, by the lock file. */
function lockedPackages(): { readonly [path: string]: Readonly<Record<string, unknown>> } {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  const wanted = ([path, { dev, devOptional }]: [string, Readonly<Record<string, unknown>>]) =>
    path !== '' && dev !== true && devOptional !== true;
  return Object.fromEntries(Object.entries(packages).filter(wanted));
}

describe('what an engine is told', () => {
  test('a user by number who is not root, so that a cluster can see it', () => {
    expect(image.config.User).toBe('65532:65532');
  });

  test('commands without a shell: signals reach the process itself', () => {
    const { Entrypoint, Cmd, Healthcheck, StopSignal } = image.config;
    expect(Entrypoint).toEqual(['node', '/app/dist/src/main.js']);
    expect(Cmd).toEqual(['run', '-c', '/etc/tailrace/tailrace.yaml']);
    expect(Healthcheck.Test).toEqual(['CMD', ...Entrypoint, 'health', '-c', Cmd.at(-1)]);
    expect(StopSignal).toBe('SIGTERM');
  });

  test('the two ports, and production', () => {
    expect(Object.keys(image.config.ExposedPorts).sort()).toEqual(['8080/tcp', '9090/tcp']);
    expect(image.config.Env).toEqual(
      expect.arrayContaining(['NODE_ENV=production', 'TAILRACE__ADMIN__HOST=0.0.0.0']),
    );
  });

  test('the labels of the Open Container Initiative', () => {
    const { name, version, license } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
      string,
      string
    >;
    const labels = Object.entries(image.config.Labels).map(([key, value]) => [
      key.replace('org.opencontainers.image.', ''),
      value,
    ]);
    expect(Object.fromEntries(labels)).toMatchObject({
      title: expect.stringMatching(new RegExp(`^${name}$`, 'i')),
      description: expect.stringContaining('WebSocket'),
      source: expect.stringMatching(/^https:/),
      licenses: license,
      version,
      revision: expect.stringMatching(/^([0-9a-f]{40}|unknown)$/),
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
  });
});

describe('what is in it', () => {
  test('the program, its packages, its licence, and nothing else', () => {
    const files = ours.filter(({ mode }) => !mode.startsWith('d')).map(({ path }) => path);
    const allowed =
      /^(app\/(node_modules\/.+|dist\/(src|connectors)\/.+|dist\/examples\/demo\.yaml|package\.json|LICENSE)|node_modules\/tailrace|usr\/local\/bin\/tailrace)$/;
    expect(files.filter((path) => !allowed.test(path))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining([
        ...['app/dist/src/main.js', 'app/dist/src/demo/page/index.html', 'app/dist/examples/demo.yaml'],
        ...['app/package.json', 'app/LICENSE', 'usr/local/bin/tailrace'],
      ]),
    );
  });

  test('of ours only what runs: no types, no source maps, no tests', () => {
    const own = ours.filter(({ path }) => path.startsWith('app/dist/')).map(({ path }) => path);
    expect(own.length).toBeGreaterThan(100);
    expect(own.filter((path) => /\.(ts|map)$|\.test\.|\/\./.test(path))).toEqual([]);
  });

  test('F21 the production packages of the lock file and no others', () => {
    const installed = ours.flatMap(
      ({ path }) => /^app\/(.*node_modules\/(?:@[^/]+\/)?[^/@]+)\/package\.json$/.exec(path)?.[1] ?? [],
    );
    expect(installed.sort()).toEqual(Object.keys(lockedPackages()).sort());
    expect(installed).not.toContain('node_modules/typescript');
  });

  test('F21 no package is bound to a processor; the one that has an install script is on the list of those that need it not', () => {
    const locked = Object.entries(lockedPackages());
    const scripted = locked.filter(([, { hasInstallScript }]) => hasInstallScript !== undefined);
    expect(scripted.map(([place]) => place)).toEqual(['node_modules/protobufjs']);
    expect(locked.filter(([, { os, cpu }]) => os !== undefined || cpu !== undefined)).toEqual([]);
    expect(ours.filter(({ path }) => /\.(node|so|gyp)$/.test(path))).toEqual([]);
  });

  test('no secret and no history, in any layer', () => {
    const telling = /(^|\/)(\.npmrc|\.npm|\.git|\.env|\.netrc|\.cache|secrets)(\/|$)|\.(pem|key)$|_cacache/;
    expect(ours.map(({ path }) => path).filter((path) => telling.test(path))).toEqual([]);
  });

  test('everything belongs to root, and nobody else may write it', () => {
    const writable = ours.filter(
      ({ mode, owner }) => !mode.startsWith('l') && (owner !== '0/0' || mode[5] === 'w' || mode[8] === 'w'),
    );
    expect(writable).toEqual([]);
    expect(ours.filter(({ mode }) => /[sS]/.test(mode))).toEqual([]);
    expect(ours.filter(({ mode }) => mode[7] !== 'r')).toEqual([]);
  });
});
