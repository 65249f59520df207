// The chart as the real helm renders it, from values as an object. A call takes about 50 ms.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { toolPath } from '../support/tools.js';

export const CHART = join(import.meta.dirname, '../../helm/tailrace');
export const OLDEST = '1.29.0';
export const NEWEST = '1.37.0';

/** Values of the chart, or a part of them. */
export type Values = Readonly<Record<string, unknown>>;

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly spec?: unknown;
  readonly data?: Readonly<Record<string, string>>;
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface RenderOptions {
  /** Folder of the chart; the one of this repository by default. */
  readonly chart?: string;
  readonly release?: string;
}

/** Standard output. Throws with what helm says. */
export function helm(args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(toolPath('helm'), args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** What `helm template` prints: the objects in their order. Throws with what helm says. */
export function render(values: Values, options: RenderOptions = {}): KubernetesObject[] {
  const documents = parseAllDocuments(renderText(values, options));
  return documents.flatMap((document): KubernetesObject[] => {
    for (const error of document.errors) throw error;
    const object: unknown = document.toJS();
    return object === null ? [] : [object as KubernetesObject];
  });
}

export function renderText(
  values: Values,
  { chart = CHART, release = 'tailrace' }: RenderOptions = {},
): string {
  const args = ['template', release, chart, '--namespace', 'live', '--kube-version', OLDEST, '--values', '-'];
  return helm(args, JSON.stringify(values));
}

/** What helm says when it refuses the values; fails if it does not. */
export function refusal(values: Values): string {
  try {
    render(values);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('helm refused nothing');
}

/** NOTES.txt as an installation prints it: `helm template` leaves it out, so a copy of the chart has it as an object. */
export function notes(values: Values): string {
  return withChart(
    (chart) => {
      cpSync(join(chart, 'templates/NOTES.txt'), join(chart, 'files/notes'));
      const template = 'kind: Notes\ntext: {{ tpl (.Files.Get "files/notes") . | toJson }}\n';
      writeFileSync(join(chart, 'templates/notes.yaml'), template);
    },
    (chart) => {
      const found: unknown = render(values, { chart }).find(({ kind }) => kind === 'Notes');
      return (found as { readonly text: string }).text;
    },
  );
}

/** Uses a changed copy of the chart. */
export function withChart<T>(change: (chart: string) => void, use: (chart: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-chart-'));
  try {
    const chart = join(folder, 'tailrace');
    cpSync(CHART, chart, { recursive: true });
    change(chart);
    return use(chart);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The only object of a kind (whose name ends so). */
export function only(objects: readonly KubernetesObject[], kind: string, suffix = ''): KubernetesObject {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name.endsWith(suffix));
  const [object] = found;
  if (object === undefined || found.length > 1)
    throw new Error(`${found.length} objects are ${kind} ${suffix}`);
  return object;
}

/** Values on top of others, as helm merges them: maps by key, everything else whole. */
export function merged(below: Values, above: Values): Values {
  const result: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const old = result[key];
    result[key] = isMap(old) && isMap(value) ? merged(old, value) : value;
  }
  return result;
}

export function isMap(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
