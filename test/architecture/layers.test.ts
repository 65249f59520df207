// Keeps the import direction of docs/architecture.md: downward only, no cycles, connectors apart from each other.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..', '..');

/** First match wins. `apart`: its folders do not import each other. */
const LAYERS: readonly { readonly layer: number; readonly where: RegExp; readonly apart?: boolean }[] = [
  { layer: 0, where: /^src\/topic\// },
  { layer: 0, where: /^src\/json\//, apart: true },
  { layer: 0, where: /^connectors\/contract\.ts$/, apart: true },
  { layer: 0, where: /^src\/kafka\//, apart: true },
  { layer: 0, where: /^src\/units\.ts$/ },
  { layer: 1, where: /^src\/(errors|clock|version|v8-tuning)\.ts$/ },
  { layer: 1, where: /^src\/(telemetry|protocol|expression|outbound)\// },
  { layer: 2, where: /^src\/(decode|map|log|cache|diff|entitle|dead-letters)\//, apart: true },
  { layer: 3, where: /^src\/(ingest|fanout)\//, apart: true },
  { layer: 4, where: /^src\/server\// },
  {
    layer: 5,
    where: /^src\/(pipeline\.ts|main\.ts|index\.ts|lifecycle\/|config\/|receiver\/|rehearsal\/|cli\/|demo\/)/,
  },
];

interface Import {
  readonly from: string;
  readonly to: string;
}

function filesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(
    (match) => match[1] ?? '',
  );
  return specifiers
    .map((specifier) => normalize(join(dirname(file), specifier)).replace(/\.js$/, '.ts'))
    .map((to) => ({ from: file, to }));
}

function folderOf(file: string): string {
  return file.split('/').slice(0, 2).join('/');
}

function layerOf(file: string) {
  return LAYERS.find(({ where }) => where.test(file));
}

/** Why an import is not allowed, or undefined. */
function faultOf({ from, to }: Import): string | undefined {
  const isConnector = from.startsWith('connectors/') && from !== 'connectors/contract.ts';
  if (from === 'connectors/registry.ts')
    return to.startsWith('connectors/') ? undefined : 'the registry knows connectors only';
  if (isConnector) {
    const mayUse = [
      folderOf(from),
      'connectors/contract.ts',
      'src/units.ts',
      ...(from.startsWith('connectors/kafka/') ? ['src/kafka'] : []),
      ...(/^connectors\/(push|rest)\//.test(from) ? ['src/json'] : []),
    ];
    return mayUse.some((part) => to === part || to.startsWith(`${part}/`))
      ? undefined
      : 'a connector knows the contract only';
  }
  const upper = layerOf(from);
  const lower = layerOf(to);
  if (upper === undefined) return 'has no layer';
  if (to.startsWith('connectors/') && to !== 'connectors/contract.ts') {
    return upper.layer === 5 ? undefined : 'only the top knows the connectors';
  }
  if (lower === undefined) return `imports ${to}, which has no layer`;
  if (folderOf(from) === folderOf(to)) return undefined;
  if (from.startsWith('src/json/'))
    return to === 'src/topic/utf8.ts' ? undefined : 'JSON text knows bytes only';
  if (from.startsWith('src/fanout/') && to.startsWith('connectors/')) return 'only ingest knows the contract';
  if (from.startsWith('src/server/') && to.startsWith('src/ingest/'))
    return 'the server does not know ingest';
  if (lower.layer > upper.layer) return 'goes up';
  if (lower.layer === upper.layer && (upper.apart === true || lower.apart === true)) return 'goes sideways';
  return undefined;
}

function cycleIn(imports: readonly Import[]): string[] | undefined {
  const targets = new Map<string, string[]>();
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to]);
  const done = new Set<string>();
  const visit = (file: string, trail: string[]): string[] | undefined => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of targets.get(file) ?? []) {
      const cycle = visit(next, [...trail, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of targets.keys()) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** Type-only imports are erased, so they make no cycle at run time; the direction holds for them all the same. */
function runtimeImportsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8').replace(/import type [^;]+;/g, '');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(
    (match) => match[1] ?? '',
  );
  return specifiers.map((s) => ({
    from: file,
    to: normalize(join(dirname(file), s)).replace(/\.js$/, '.ts'),
  }));
}

describe('architecture', () => {
  const files = [...filesUnder('src'), ...filesUnder('connectors')];

  test('every import goes down, and none across connectors or stages', () => {
    const faults = files.flatMap(importsOf).flatMap((each) => {
      const fault = faultOf(each);
      return fault === undefined ? [] : [`${each.from} -> ${each.to}: ${fault}`];
    });
    expect(faults).toEqual([]);
  });

  test('there is no cycle of imports', () => {
    expect(cycleIn(files.flatMap(runtimeImportsOf))).toBeUndefined();
  });

  test('the folders of a connector import each other in one direction, types included', () => {
    const between = files
      .filter((file) => file.startsWith('connectors/'))
      .flatMap(importsOf)
      .map(({ from, to }) => ({ from: dirname(from), to: dirname(to) }))
      .filter(({ from, to }) => from !== to && to.startsWith('connectors/') && from !== 'connectors');
    expect(cycleIn(between)).toBeUndefined();
  });

  test('only main.ts ends the process', () => {
    const enders = files.filter((file) =>
      /process\.exit\b(?!Code)/.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(enders.filter((file) => file !== 'src/main.ts')).toEqual([]);
  });

  test('the rules see a fault when there is one', () => {
    expect(faultOf({ from: 'src/topic/path.ts', to: 'src/cache/cache.ts' })).toBe('goes up');
    expect(faultOf({ from: 'src/map/rule.ts', to: 'src/decode/fault.ts' })).toBe('goes sideways');
    expect(faultOf({ from: 'connectors/rest/a.ts', to: 'connectors/kafka/b.ts' })).toBe(
      'a connector knows the contract only',
    );
    expect(faultOf({ from: 'src/json/a.ts', to: 'src/topic/json.ts' })).toBe('JSON text knows bytes only');
    expect(faultOf({ from: 'src/topic/a.ts', to: 'src/json/b.ts' })).toBe('goes sideways');
    expect(faultOf({ from: 'src/server/a.ts', to: 'src/ingest/b.ts' })).toBe(
      'the server does not know ingest',
    );
    expect(
      cycleIn([
        { from: 'a', to: 'b' },
        { from: 'b', to: 'a' },
      ]),
    ).toEqual(['a', 'b', 'a']);
  });
});
