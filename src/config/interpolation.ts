// `{ env: NAME }` and `{ file: PATH }`: the only values that come from elsewhere, resolved after parsing, so that a comment
// or a string is never touched. Offline they become placeholders, so that a file can be checked where the secrets are not.

import { TailraceError } from '../errors.js';
import type { KeyPath } from './document.js';
import type { Problem } from './finding.js';

/** Where values come from. `offline`: nothing is read, and what would be read is only listed. */
export type Surroundings =
  | { readonly kind: 'offline' }
  | {
      readonly kind: 'online';
      readonly env: Readonly<Record<string, string | undefined>>;
      /** Text of a file, relative to the configuration; throws when it cannot be read. */
      readonly readFile: (path: string) => string;
    };

export interface Interpolated {
  /** The document with every node replaced. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Pointer texts ({@link pointerOf}) of what was replaced by a value. */
  readonly resolved: ReadonlySet<string>;
  /** The same for what is unknown: offline, or missing. The value there is {@link PLACEHOLDER}. */
  readonly placeholders: ReadonlySet<string>;
  /** What was replaced, known or not: pointer texts to `env NAME` or `file PATH`. */
  readonly references: ReadonlyMap<string, string>;
  /** Variables and files that the document names, each once. */
  readonly needs: readonly string[];
}

/** Long enough for every rule about length. */
export const PLACEHOLDER = '(known when the process runs, not while it is checked)';

/** Mappings whose keys are the user's own, so that one that is called `env` is no reference. */
const FREE_MAPPINGS = [/^\/entitlements\/\d+\/claims$/, /^\/sources\/\d+\/map\/\d+\/value\/rename$/];
/** `file` is an option of theirs. */
const OWN_FILE = /^\/sources\/\d+\/deadLetters$/;

export function interpolate(root: unknown, surroundings: Surroundings): Interpolated {
  const problems: Problem[] = [];
  const resolved = new Set<string>();
  const placeholders = new Set<string>();
  const references = new Map<string, string>();

  const visit = (node: unknown, path: KeyPath): unknown => {
    if (Array.isArray(node)) return node.map((item, index) => visit(item, [...path, index]));
    if (typeof node !== 'object' || node === null) return node;
    const reference = referenceOf(node, path);
    if (reference === undefined) {
      // defineProperty and not assignment: a key may be __proto__
      const copy: Record<string, unknown> = {};
      for (const [key, value] of Object.entries(node)) {
        Object.defineProperty(copy, key, {
          value: visit(value, [...path, key]),
          enumerable: true,
          writable: true,
          configurable: true,
        });
      }
      return copy;
    }
    references.set(pointerOf(path), `${reference.kind} ${reference.name}`);
    const value =
      surroundings.kind === 'offline' ? undefined : valueOf(reference, surroundings, path, problems);
    (value === undefined ? placeholders : resolved).add(pointerOf(path));
    return value ?? PLACEHOLDER;
  };
  const value = visit(root, []);
  const needs = [...new Set(references.values())].sort();
  return { value, problems, resolved, placeholders, references, needs };
}

/** Whether something at `path`, or below it, is not known. */
export function isUnknown({ placeholders }: Interpolated, path: KeyPath): boolean {
  const pointer = pointerOf(path);
  return [...placeholders].some((each) => each === pointer || each.startsWith(`${pointer}/`));
}

export function pointerOf(path: KeyPath): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

interface Reference {
  readonly kind: 'env' | 'file';
  readonly name: string;
}

/** Whole sections are never one: they are mappings and lists. */
function referenceOf(node: object, path: KeyPath): Reference | undefined {
  if (path.length < 2) return undefined;
  const entries = Object.entries(node);
  const [kind, name] = entries[0] ?? [];
  if (entries.length !== 1 || typeof name !== 'string' || name === '') return undefined;
  if (kind !== 'env' && kind !== 'file') return undefined;
  const isFree = [...FREE_MAPPINGS, OWN_FILE].some((free) => free.test(pointerOf(path)));
  return isFree ? undefined : { kind, name };
}

function valueOf(
  { kind, name }: Reference,
  surroundings: Extract<Surroundings, { kind: 'online' }>,
  path: KeyPath,
  problems: Problem[],
): string | undefined {
  const shown = name.length > 200 ? `${name.slice(0, 200)}…` : name;
  if (kind === 'env') {
    const value = surroundings.env[name];
    if (value !== undefined && value !== '') return value;
    const state = value === undefined ? 'is not set' : 'is empty';
    problems.push({
      severity: 'error',
      code: 'env-missing',
      path,
      message: `the variable ${shown} ${state}`,
    });
    return undefined;
  }
  try {
    return surroundings.readFile(name).replace(/\r?\n$/, '');
  } catch (error) {
    const why = error instanceof TailraceError ? error.message : 'it cannot be read';
    problems.push({
      severity: 'error',
      code: 'file-unreadable',
      path,
      message: `the file ${shown}: ${why.slice(0, 500)}`,
    });
    return undefined;
  }
}
