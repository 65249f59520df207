// Reads the fixed tree of scalars: default, then file, then variable. The only door to convict, which merges the three;
// mistakes are found here beforehand, since convict's texts carry values and no position.

import convict from 'convict';
import { nearest } from './suggestion.js';
import { unknownKey } from './unknown-key.js';
import type { KeyPath } from './document.js';
import type { Problem } from './finding.js';
import { PLACEHOLDER, pointerOf, type Interpolated, type Surroundings } from './interpolation.js';
import { envNameOf, OPTIONS, type Option } from './options.js';

type Options = typeof OPTIONS;
export type FixedTree = {
  readonly [S in keyof Options]: {
    readonly [N in keyof Options[S]]: Options[S][N] extends Option<infer T> ? T : never;
  };
};

type Tree = Record<string, Record<string, unknown>>;

/** Registered once: convict coerces defaults, file and variables alike by the option's own format. */
const SCHEMA = Object.fromEntries(
  Object.entries<Readonly<Record<string, Option<unknown>>>>(OPTIONS).map(([section, options]) => [
    section,
    Object.fromEntries(
      Object.entries(options).map(([name, definition]) => [
        name,
        convictDefinition(section, name, definition),
      ]),
    ),
  ]),
);

function convictDefinition(section: string, name: string, definition: Option<unknown>) {
  const format = `${section}.${name}`;
  convict.addFormat({
    name: format,
    validate: () => undefined,
    coerce(written: unknown) {
      const parsed = definition.format.parse(written);
      if (!parsed.ok) throw new Error(`${format} ${parsed.message}`);
      return parsed.value;
    },
  });
  return { doc: definition.doc, default: definition.default, env: envNameOf(section, name), format };
}

export interface ReadFixedTree {
  /** Values for every option: where one is wrong, its default stands in, and a problem says so. */
  readonly tree: FixedTree;
  /** The same as one would write it; what is not known yet is as in {@link Interpolated}. */
  readonly written: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Pointer texts of the options that variables set, and those variables. */
  readonly variables: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

export function readFixedTree(
  root: Readonly<Record<string, unknown>>,
  interpolated: Interpolated,
  surroundings: Surroundings,
): ReadFixedTree {
  const problems: Problem[] = [];
  const fromFile = readFile(root, interpolated, problems);
  const fromEnv = surroundings.kind === 'online' ? readEnv(surroundings.env, fromFile, problems) : {};
  const merged = convict(SCHEMA, { env: fromEnv, args: [] });
  merged.load(fromFile);
  merged.validate({ allowed: 'strict' });
  const tree = merged.getProperties() as unknown as FixedTree;
  const variables = new Map(
    Object.keys(fromEnv).flatMap((variable) => {
      const target = VARIABLES.get(variable);
      return target === undefined ? [] : [[pointerOf([target.section, target.name]), variable]];
    }),
  );
  const written = writtenTree(tree, (section, name) => {
    const inFile = childOf(childOf(root, section), name);
    const fromVariable = fromEnv[envNameOf(section, name)];
    return fromVariable ?? inFile;
  });
  return { tree, written, variables, problems };
}

/** `given`: what the file or a variable says of an option. A duration and a size stay as they were written. */
function writtenTree(
  tree: FixedTree,
  given: (section: string, name: string) => unknown,
): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const sections = Object.entries<Readonly<Record<string, Option<unknown>>>>(OPTIONS);
  return Object.fromEntries(
    sections.map(([section, options]) => {
      const values: Readonly<Record<string, unknown>> = tree[section as keyof FixedTree];
      const written = Object.entries(options).map(([name, definition]) => {
        const text = given(section, name);
        return [name, isPlainText(text, values[name]) ? values[name] : (text ?? definition.default)] as const;
      });
      return [section, Object.fromEntries(written.filter(([, value]) => value !== undefined))];
    }),
  );
}

/** Text that stands for a number, a switch or a list, and is better shown as that. */
function isPlainText(text: unknown, value: unknown): boolean {
  if (typeof text !== 'string' || text === PLACEHOLDER) return false;
  return typeof value !== 'number' || /^-?\d+$/.test(text);
}

function childOf(node: unknown, name: string): unknown {
  if (typeof node !== 'object' || node === null || !Object.hasOwn(node, name)) return undefined;
  return (node as Readonly<Record<string, unknown>>)[name];
}

function readFile(
  root: Readonly<Record<string, unknown>>,
  interpolated: Interpolated,
  problems: Problem[],
): Tree {
  const valid: Tree = {};
  for (const [section, options] of Object.entries<Readonly<Record<string, Option<unknown>>>>(OPTIONS)) {
    const written = root[section];
    if (written === undefined || written === null) continue; // a section whose lines are all comments is no mistake
    if (typeof written !== 'object' || Array.isArray(written)) {
      problems.push({
        severity: 'error',
        code: 'wrong-type',
        path: [section],
        message: `${section} must be a mapping of ${Object.keys(options).join(', ')}`,
        conceal: true,
      });
      continue;
    }
    const kept: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(written)) {
      const definition = Object.hasOwn(options, name) ? options[name] : undefined;
      if (definition === undefined)
        problems.push(unknownKey([section, name], { known: Object.keys(options), where: section }));
      else if (interpolated.placeholders.has(pointerOf([section, name]))) continue;
      else if (isInlineSecret(definition, value, pointerOf([section, name]), interpolated))
        problems.push(inlineSecret([section, name]));
      else {
        const known = withoutUnknown(value, [section, name], interpolated);
        kept[name] = valueOf(definition, known, { path: [section, name], problems });
      }
    }
    valid[section] = kept;
  }
  return valid;
}

/** A list without the items that are known only when the process runs. */
function withoutUnknown(value: unknown, path: KeyPath, { placeholders }: Interpolated): unknown {
  if (!Array.isArray(value)) return value;
  return value.filter((_, index) => !placeholders.has(pointerOf([...path, index])));
}

function isInlineSecret(
  { format }: Option<unknown>,
  written: unknown,
  pointer: string,
  { resolved }: Interpolated,
): boolean {
  return format.isSecret === true && typeof written === 'string' && !resolved.has(pointer);
}

function inlineSecret(path: KeyPath): Problem {
  const message =
    'a secret does not belong in this file; write { env: NAME } or { file: PATH }, and make a new secret';
  return { severity: 'error', code: 'secret-inline', path, message, conceal: true };
}

/** The resolved value, or the default where what is written is wrong. Convict leaves all but text as it is. */
function valueOf(
  definition: Option<unknown>,
  written: unknown,
  { path, problems }: { readonly path: KeyPath; readonly problems: Problem[] },
): unknown {
  const parsed = definition.format.parse(written);
  if (parsed.ok) return parsed.value;
  const { code, message, suggestion, index } = parsed;
  problems.push({
    severity: 'error',
    code,
    path: index === undefined ? path : [...path, index],
    message: `${path.join('.')} ${message}`,
    ...(suggestion === undefined ? {} : { suggestion }),
    ...(definition.format.isSecret === true ? { conceal: true } : {}),
  });
  return definition.default;
}

interface Variable {
  readonly section: string;
  readonly name: string;
  readonly definition: Option<unknown>;
}

const VARIABLES: ReadonlyMap<string, Variable> = new Map(
  Object.entries<Readonly<Record<string, Option<unknown>>>>(OPTIONS).flatMap(([section, options]) =>
    Object.entries(options).map(([name, definition]) => [
      envNameOf(section, name),
      { section, name, definition },
    ]),
  ),
);

/** The variables that name options, less those that are wrong. One that beats the file says so. */
function readEnv(
  env: Readonly<Record<string, string | undefined>>,
  fromFile: Tree,
  problems: Problem[],
): Record<string, string> {
  const valid: Record<string, string> = {};
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('TAILRACE__') || text === undefined) continue;
    const problem = problemOfVariable(variable, text, fromFile);
    if (problem?.severity !== 'error') valid[variable] = text;
    if (problem !== undefined) problems.push(problem);
  }
  return valid;
}

function problemOfVariable(variable: string, text: string, fromFile: Tree): Problem | undefined {
  const target = VARIABLES.get(variable);
  if (target === undefined) {
    const suggestion = nearest(variable, [...VARIABLES.keys()]);
    const hint = suggestion === undefined ? {} : { suggestion };
    const message = `the variable ${variable} names no option`;
    return { severity: 'error', code: 'unknown-env', path: null, message, ...hint };
  }
  const { section, name, definition } = target;
  const parsed = definition.format.parse(text);
  if (!parsed.ok) {
    const message = `the variable ${variable} ${parsed.message}`;
    return { severity: 'error', code: parsed.code, path: null, message };
  }
  if (fromFile[section]?.[name] === undefined) return undefined;
  const message = `the variable ${variable} is set, so that ${section}.${name} in the file does not count`;
  return { severity: 'warning', code: 'env-overrides', path: [section, name], message };
}
