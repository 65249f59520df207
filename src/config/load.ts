// From the text of a configuration to the resolved Config, or to everything that is wrong with it at once. Reads no file
// and no variable but through the surroundings it is given.

import { dirname } from 'node:path';
import { readAuth } from './auth.js';
import type { Config, Limits } from './config.js';
import { sharedLetterFiles } from './dead-letters.js';
import { parseConfigDocument, type ConfigDocument } from './document.js';
import { locate, type Finding, type Problem } from './finding.js';
import { readFixedTree, type FixedTree, type ReadFixedTree } from './fixed-tree.js';
import { interpolate, isUnknown, type Interpolated, type Surroundings } from './interpolation.js';
import { OPTIONS } from './options.js';
import { Origins } from './origins.js';
import { outboundProblems } from './outbound.js';
import { filesOfOutside, NO_OUTSIDE_CONNECTORS, type OutsideConnectors } from './outside-connectors.js';
import { mappingProblems, matchesNothing, overlaps, readEntitlements } from './rules.js';
import { AUTH_SCHEMA, ENTITLEMENT_SCHEMA, SOURCE_SCHEMA } from './schemas.js';
import { Secret } from './secret.js';
import { readSources, type ConnectorTypes } from './sources.js';
import { unknownKey } from './unknown-key.js';

export interface ConfigFile {
  /** As messages name it. */
  readonly name: string;
  readonly text: string;
}

export interface LoadedConfig {
  /** Undefined when a finding is an error. Offline, what variables and files hold is a placeholder: good for no connection. */
  readonly config: Config | undefined;
  /** In the order of the file. */
  readonly findings: readonly Finding[];
  /** What has to be there when it runs: `env NAME`, `file PATH`. */
  readonly needs: readonly string[];
  /** Files of the modules that it names, for those who watch what it is made of. */
  readonly modules: readonly string[];
  /** For the lines of rules. */
  readonly document: ConfigDocument;
  /** The configuration once more, as one would write it, with where each value comes from. There is one if there is `config`. */
  readonly origins?: Origins;
}

const SECTIONS = [...Object.keys(OPTIONS), 'auth', 'sources', 'entitlements'];

export function loadConfig(
  file: ConfigFile,
  types: ConnectorTypes,
  surroundings: Surroundings,
  outside: OutsideConnectors = NO_OUTSIDE_CONNECTORS,
): LoadedConfig {
  const document = parseConfigDocument(file.name, file.text);
  const connectors = { types, outside, folder: dirname(file.name) };
  const vocabulary = { connectors: types.map(({ type }) => type), options: optionNames(connectors) };
  const modules = filesOfOutside(outside);
  const { problems: faults, root } = rootOf(document);
  if (root === undefined) {
    return {
      config: undefined,
      findings: locate(faults, document, vocabulary),
      needs: [],
      modules,
      document,
    };
  }
  const interpolated = interpolate(root, surroundings);
  const { config, problems, written, variables } = resolve(interpolated, connectors, surroundings);
  const all = [...faults, ...interpolated.problems, ...problems];
  const isBroken = all.some(({ severity }) => severity === 'error');
  return {
    ...(isBroken || config === undefined
      ? { config: undefined }
      : { config, origins: new Origins({ config, written, variables, interpolated, document }) }),
    findings: locate(all, document, vocabulary),
    needs: interpolated.needs,
    modules,
    document,
  };
}

/** The mapping that the document is, unless there is nothing that can be read. An empty file is an empty mapping. */
function rootOf(document: ConfigDocument): { readonly root?: object; readonly problems: readonly Problem[] } {
  const faults = document.faults.map(({ code, message, span }): Problem => ({
    severity: 'error',
    code,
    path: [],
    message,
    span,
  }));
  const unreadable = faults.filter(({ code }) => code === 'bad-yaml');
  if (unreadable.length > 0) return { problems: unreadable };
  const root = document.value ?? {};
  if (typeof root === 'object' && !Array.isArray(root)) return { root, problems: faults };
  const message = 'the file must be a mapping: listen, auth, sources, entitlements and so on';
  return {
    problems: [...faults, { severity: 'error', code: 'wrong-type', path: [], message, conceal: true }],
  };
}

interface Resolved extends Pick<ReadFixedTree, 'variables'> {
  /** To be used only if no problem, here or elsewhere, is an error. */
  readonly config: Config | undefined;
  /** The same as one would write it. */
  readonly written: Readonly<Record<string, unknown>>;
  readonly problems: readonly Problem[];
}

interface Connectors {
  readonly types: ConnectorTypes;
  readonly outside: OutsideConnectors;
  /** Of the configuration. */
  readonly folder: string;
}

function resolve(interpolated: Interpolated, connectors: Connectors, surroundings: Surroundings): Resolved {
  const root = interpolated.value as Readonly<Record<string, unknown>>;
  const strangers = Object.keys(root).filter((key) => !SECTIONS.includes(key));
  const fixed = readFixedTree(root, interpolated, surroundings);
  const host = isUnknown(interpolated, ['listen', 'host']) ? undefined : fixed.tree.listen.host;
  const { auth, problems: authProblems, written: writtenAuth } = readAuth(root['auth'], host, interpolated);
  const sources = readSources(root, connectors, interpolated);
  const entitlements = readEntitlements(root, interpolated);
  const problems = [
    ...strangers.map((key) => unknownKey([key], { known: SECTIONS, where: '' })),
    ...fixed.problems,
    ...(isUnknown(interpolated, ['limits']) ? [] : limitsOrder(fixed.tree)),
    ...(isUnknown(interpolated, ['shutdown']) ? [] : shutdownOrder(fixed.tree)),
    ...authProblems,
    ...sources.problems,
    ...mappingProblems(sources.sources),
    ...overlaps(sources.sources),
    ...sharedLetterFiles(
      sources.sources.flatMap(({ path, where, source }) => (source ? [{ path, where, ...source }] : [])),
      interpolated,
    ),
    ...entitlements.problems,
    ...outboundProblems(fixed.tree.outbound, { auth, sources: sources.sources }, interpolated),
  ];
  if (auth === undefined || problems.some(({ severity }) => severity === 'error'))
    return { config: undefined, problems, written: {}, variables: fixed.variables };
  problems.push(...matchesNothing(entitlements.rules, sources.sources, interpolated));
  const config: Config = {
    ...scalarsOf(fixed.tree),
    auth,
    sources: sources.sources.flatMap(({ source }) => source ?? []),
    entitlements: entitlements.rules,
  };
  const written = {
    ...fixed.written,
    auth: writtenAuth,
    sources: sources.sources.map(({ written: source }) => source),
    entitlements: entitlements.rules,
  };
  return { config, problems, written, variables: fixed.variables };
}

function limitsOrder({ limits }: FixedTree): Problem[] {
  if (limits.conflateAfter < limits.stallTimeout) return [];
  const message =
    'limits.stallTimeout must be longer than limits.conflateAfter, or sessions are closed before they can lag';
  return [{ severity: 'error', code: 'limits-order', path: ['limits', 'stallTimeout'], message }];
}

function shutdownOrder({ shutdown: { grace, wait, spread } }: FixedTree): Problem[] {
  if (wait + spread < grace) return [];
  const message =
    'shutdown.grace must be longer than shutdown.wait and shutdown.spread together, or the process ends in the middle of closing';
  return [{ severity: 'error', code: 'shutdown-order', path: ['shutdown', 'grace'], message }];
}

/** From the names as written to the names with units. */
function scalarsOf({
  listen,
  admin,
  outbound,
  limits,
  fanout,
  log,
  reload,
  shutdown,
}: FixedTree): Omit<Config, 'auth' | 'sources' | 'entitlements'> {
  const { authTimeout, conflateAfter, stallTimeout, beat, ...counts } = limits;
  const resolved: Limits = {
    ...counts,
    authTimeoutMs: authTimeout,
    conflateAfterMs: conflateAfter,
    stallTimeoutMs: stallTimeout,
    beatMs: beat,
  };
  return {
    listen,
    admin: { ...admin, token: admin.token === undefined ? undefined : new Secret(admin.token) },
    outbound,
    limits: resolved,
    fanout: { flushWindowMs: fanout.flushWindow },
    log,
    reload,
    shutdown: { graceMs: shutdown.grace, waitMs: shutdown.wait, spreadMs: shutdown.spread },
  };
}

function optionNames({ types, outside }: Connectors): ReadonlySet<string> {
  const words = new Set<string>(['none', 'everyone', 'env', 'file', ...SECTIONS]);
  for (const options of Object.values(OPTIONS)) for (const name of Object.keys(options)) words.add(name);
  for (const schema of [AUTH_SCHEMA, SOURCE_SCHEMA, ENTITLEMENT_SCHEMA]) addNames(schema, words);
  for (const { type, options } of types) addNames(options, words.add(type));
  for (const [name, found] of outside)
    addNames(found.kind === 'loaded' ? found.connector.options : {}, words.add(name));
  return words;
}

function addNames(schema: unknown, words: Set<string>): void {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [keyword, below] of Object.entries(schema)) {
    if (keyword === 'properties') for (const name of Object.keys(below as object)) words.add(name);
    addNames(below, words);
  }
}
