// What differs between two configurations, in words for the log: paths and scalars, never a secret.

import { isDeepStrictEqual } from 'node:util';
import type { Config, SourceConfig } from './config.js';
import { needsRestart } from './options.js';
import { Secret } from './secret.js';

export interface Difference {
  /** One sentence each, as `log.level: info -> debug` or `sources.quotes: map`. Empty: the two are equal. */
  readonly changes: readonly string[];
  /** Options among them that only a restart takes up, as `listen.port`. */
  readonly needRestart: readonly string[];
}

/** Whether two parts of configurations are equal, secrets included. */
export function isSameConfig(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(revealed(a), revealed(b));
}

export function differenceOf(before: Config, after: Config): Difference {
  const sections = (Object.keys(before) as (keyof Config)[]).filter((section) => !LISTS.includes(section));
  const changes = [
    ...sections.flatMap((section) => leafChanges(section, before[section], after[section])),
    ...sourceChanges(before.sources, after.sources),
    ...ruleChanges(before, after),
  ];
  return {
    changes: changes.map(({ path, how }) => `${path}: ${how}`),
    needRestart: changes.map(({ path }) => path).filter(needsRestart),
  };
}

/** What is told apart by its items. */
const LISTS: readonly (keyof Config)[] = ['sources', 'entitlements'];

interface Change {
  readonly path: string;
  readonly how: string;
}

function leafChanges(path: string, before: unknown, after: unknown): Change[] {
  if (isSameConfig(before, after)) return [];
  if (isMapping(before) && isMapping(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => leafChanges(`${path}.${name}`, before[name], after[name]));
  }
  const isShown = [before, after].every((value) => isScalar(value));
  const unit = path.endsWith('Ms') ? 'ms' : '';
  const how = isShown ? `${String(before)}${unit} -> ${String(after)}${unit}` : 'changed';
  return [{ path: path.replace(/Ms$/, ''), how }];
}

function sourceChanges(before: readonly SourceConfig[], after: readonly SourceConfig[]): Change[] {
  const former = new Map(before.map((source) => [source.name, source]));
  const next = new Set(after.map(({ name }) => name));
  const gone = before.filter(({ name }) => !next.has(name));
  return [
    ...gone.map(({ name }) => ({ path: `sources.${name}`, how: 'removed' })),
    ...after.flatMap((source) => {
      const known = former.get(source.name);
      const path = `sources.${source.name}`;
      if (known === undefined) return [{ path, how: 'added' }];
      const parts = (Object.keys(source) as (keyof SourceConfig)[]).filter(
        (part) => !isSameConfig(known[part], source[part]),
      );
      return parts.length === 0 ? [] : [{ path, how: parts.join(', ') }];
    }),
  ];
}

function ruleChanges(before: Config, after: Config): Change[] {
  if (isSameConfig(before.entitlements, after.entitlements)) return [];
  const isNew = (rule: unknown, rules: readonly unknown[]) => !rules.some((each) => isSameConfig(each, rule));
  const added = after.entitlements.filter((rule) => isNew(rule, before.entitlements)).length;
  const removed = before.entitlements.filter((rule) => isNew(rule, after.entitlements)).length;
  const how =
    added + removed === 0 ? 'other order' : `${added} rules added or changed, ${removed} gone or changed`;
  return [{ path: 'entitlements', how }];
}

/** The value with its secrets open: to compare, never to keep. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return revealed(value.reveal());
  if (Array.isArray(value)) return value.map(revealed);
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, revealed(member)]));
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret);
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean', 'undefined'].includes(typeof value);
}
