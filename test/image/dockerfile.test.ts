// The recipe of the image, as far as it can be judged without building: what makes it work on any processor, with any builder.

import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = join(import.meta.dirname, '../..');
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
/** Instructions without comments, their continuation lines joined. */
const instructions = read('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line !== '');
const lastStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));

interface ImageScript {
  readonly buildCommand: (options: {
    readonly engine: string;
    readonly tag: string;
    readonly platform?: string;
    readonly buildArgs: Readonly<Record<string, string>>;
    readonly secrets: Readonly<Record<string, string>>;
  }) => readonly string[];
}

describe('the Dockerfile', () => {
  test('runs nothing in its last stage: it can be built for another processor than the machine’s', () => {
    expect(lastStage.filter((line) => line.startsWith('RUN'))).toEqual([]);
    const stages = instructions.filter((line) => line.startsWith('FROM ')).slice(0, -1);
    expect(stages.length).toBeGreaterThan(0);
    for (const stage of stages) expect(stage).toContain('--platform=${BUILDPLATFORM}');
  });

  test('takes its base from one argument, which a release pins by digest', () => {
    const bases = instructions.flatMap((line) => /^FROM .*?(\S+)(?: AS \w+)?$/.exec(line)?.[1] ?? []);
    expect(new Set(bases)).toEqual(new Set(['${NODE_IMAGE}']));
    expect(instructions[0]).toMatch(/^ARG NODE_IMAGE=node:\d+-bookworm-slim$/);
  });

  test('starts and checks without a shell', () => {
    for (const name of ['ENTRYPOINT', 'CMD', 'HEALTHCHECK']) {
      const line = lastStage.find((each) => each.startsWith(name)) ?? '';
      expect(JSON.parse(line.slice(line.indexOf('[')))).toEqual(expect.arrayContaining([expect.any(String)]));
    }
  });

  test('installs by the lock file, and no package runs a script', () => {
    const installs = instructions.filter((line) => line.includes('npm '));
    expect(installs.length).toBeGreaterThan(0);
    for (const line of installs) expect(line).toMatch(/npm ci .*--ignore-scripts/);
  });

  test('is given only files that are named and exist', () => {
    const [first, ...named] = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(first).toBe('*');
    expect(named.filter((line) => !existsSync(join(ROOT, line.replace('!', ''))))).toEqual([]);
  });
});

describe('the command that builds', () => {
  const options = {
    ...{ tag: 'tailrace/tailrace:1.2.3', platform: 'linux/arm64' },
    ...{ buildArgs: { VERSION: '1.2.3' }, secrets: { npmrc: '/home/ann/.npmrc' } },
  };
  const given = [
    ...['--platform', 'linux/arm64', '--build-arg', 'VERSION=1.2.3'],
    ...['--secret', 'id=npmrc,src=/home/ann/.npmrc', '--tag', 'tailrace/tailrace:1.2.3', '.'],
  ];

  test.each([
    ['docker', ['docker', 'buildx', 'build', '--load', ...given]],
    ['buildah', ['buildah', 'bud', '--isolation', 'chroot', '--format', 'docker', '--layers', ...given]],
  ])('by %s', async (engine, expected) => {
    const { buildCommand } = await imageScript();
    expect(buildCommand({ engine, ...options })).toEqual(expected);
  });

  test('by nothing else', async () => {
    const { buildCommand } = await imageScript();
    expect(() => buildCommand({ engine: 'podman', ...options })).toThrow('docker or buildah');
  });
});

async function imageScript(): Promise<ImageScript> {
  return (await import(pathToFileURL(join(ROOT, 'scripts/image.mjs')).href)) as ImageScript;
}
