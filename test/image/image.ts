// The image under test: built by scripts/image.mjs (layers that did not change are kept, so a second build is quick), and what it
// says about itself.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** What `docker inspect` calls Config, as far as tests look at it. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly ExposedPorts: Readonly<Record<string, object>>;
  readonly StopSignal: string;
  /** Times in nanoseconds. */
  readonly Healthcheck: { readonly Test: readonly string[]; readonly Timeout: number };
}

export interface Layer {
  readonly bytes: number;
  /** The instruction that made it. */
  readonly madeBy: string;
}

export interface BuiltImage {
  readonly tag: string;
  readonly id: string;
  readonly bytes: number;
  readonly seconds: number;
  readonly layers: readonly Layer[];
  readonly config: ImageConfig;
}

export interface LayerFile {
  /** From the root, without the leading slash. */
  readonly path: string;
  /** As ls shows it: `-rw-r--r--`. */
  readonly mode: string;
  /** Numbers: `0/0`. */
  readonly owner: string;
}

/** Builds it by buildah, which needs no engine. Progress goes to stderr. */
export function buildImage(): BuiltImage {
  const script = join(ROOT, 'scripts/image.mjs');
  const args = [script, '--engine', 'buildah', '--tag', 'localhost/tailrace-under-test', '--json'];
  const stdout = execFileSync(process.execPath, args, {
    ...{ env: { ...process.env, NODE_OPTIONS: '' }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  });
  const built = JSON.parse(stdout) as Omit<BuiltImage, 'config' | 'layers'>;
  const { Docker, Manifest } = JSON.parse(buildah('inspect', '--type', 'image', built.tag)) as {
    readonly Docker: {
      readonly config: ImageConfig;
      readonly history: readonly { readonly created_by: string; readonly empty_layer?: boolean }[];
    };
    readonly Manifest: string;
  };
  const { layers } = JSON.parse(Manifest) as { readonly layers: readonly { readonly size: number }[] };
  const makers = Docker.history.filter(({ empty_layer }) => empty_layer !== true);
  return {
    ...built,
    config: Docker.config,
    layers: layers.map(({ size }, index) => ({ bytes: size, madeBy: makers[index]?.created_by ?? '' })),
  };
}

/** Every file of every layer, lowest first: also what a higher layer took away again. */
export function filesByLayer({ tag }: BuiltImage): readonly (readonly LayerFile[])[] {
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-layers-'));
  try {
    buildah('push', '--quiet', tag, `dir:${folder}`);
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
      readonly layers: readonly { readonly digest: string }[];
    };
    return manifest.layers.map(({ digest }) => {
      const archive = join(folder, digest.replace('sha256:', ''));
      const listing = output('tar', '--numeric-owner', '--full-time', '-tvf', archive);
      return listing.split('\n').flatMap((line) => layerFile(line) ?? []);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `-rw-r--r-- 0/0  1234 2026-01-31 12:00:00 app/package.json`, a link with ` -> target`. */
function layerFile(line: string): LayerFile | undefined {
  const match = /^(\S{10}) +(\d+\/\d+) +\S+ \S+ \S+ (.+)$/.exec(line);
  if (match === null) return undefined;
  const [, mode = '', owner = '', name = ''] = match;
  return { mode, owner, path: name.replace(/ (?:->|link to) .*$/, '').replace(/^\.?\/|\/$/g, '') };
}

/** Standard output of a buildah command, trimmed. */
export function buildah(...args: string[]): string {
  return output('buildah', ...args);
}

function output(program: string, ...args: string[]): string {
  return execFileSync(program, args, {
    ...{ encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES, stdio: ['ignore', 'pipe', 'inherit'] },
  }).trim();
}
