// Connectors that Tailrace is not built with: finds the modules that a configuration names under `type`, imports them, and
// judges whether what they export is a connector. The only file that runs code which a configuration names.

import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SourceType } from '../../connectors/contract.js';
import { moduleUrl } from './connector-module.js';
import { parseConfigDocument } from './document.js';
import type { FindingCode } from './finding.js';
import type { ConfigFile } from './load.js';
import { schemaFault } from './schema-check.js';

/** What came of one name. */
export type OutsideConnector =
  | { readonly kind: 'loaded'; readonly connector: SourceType<unknown>; readonly file: string }
  | {
      readonly kind: 'unusable';
      readonly code: Extract<FindingCode, 'connector-not-found' | 'connector-unusable' | 'connector-changed'>;
      /** Names the module and what is wrong with it. */
      readonly message: string;
      /** undefined: there is none. */
      readonly file: string | undefined;
    };

/** By name, as the configuration has it. */
export type OutsideConnectors = ReadonlyMap<string, OutsideConnector>;

export const NO_OUTSIDE_CONNECTORS: OutsideConnectors = new Map();

/** A module that waits for something at its top level must not hold up a start for ever. */
const LOAD_WITHIN_MS = 10_000;
/** By URL: what the file was when it was imported. A process imports a module once, whatever becomes of its file. */
const imported = new Map<string, string>();

/** Imports what the sources of a configuration name. `folder`: of the configuration; relative names count from there. */
export async function loadOutsideConnectors(file: ConfigFile, folder: string): Promise<OutsideConnectors> {
  const names = namesIn(file);
  return new Map(await Promise.all(names.map(async (name) => [name, await load(name, folder)] as const)));
}

/** Files of modules, for those who watch what a configuration is made of. */
export function filesOfOutside(connectors: OutsideConnectors): readonly string[] {
  return [...connectors.values()].flatMap(({ file }) => file ?? []);
}

/** Parses only texts that could name one: most do not, and parsing takes time. */
function namesIn({ name, text }: ConfigFile): readonly string[] {
  if (!/\btype\b/.test(text)) return [];
  const { value } = parseConfigDocument(name, text);
  const sources: unknown = isMapping(value) ? value['sources'] : undefined;
  if (!Array.isArray(sources)) return [];
  const types = sources.flatMap((source: unknown) => (isMapping(source) ? [source['type']] : []));
  return [...new Set(types.filter((type) => typeof type === 'string' && type !== ''))] as string[];
}

async function load(name: string, folder: string): Promise<OutsideConnector> {
  const found = moduleUrl(name, folder);
  if ('missing' in found) return unusable('connector-not-found', found.missing, undefined);
  const { url } = found;
  const file = fileURLToPath(url);
  const signature = signatureOf(file);
  const former = imported.get(url);
  if (former !== undefined && former !== signature)
    return unusable(
      'connector-changed',
      `${name} has changed since this process loaded it; a restart takes it up`,
      file,
    );
  imported.set(url, signature);
  try {
    const module = await withinTime(import(url));
    const fault = faultOf(module);
    if (fault !== undefined) return unusable('connector-unusable', `${name}: ${fault}`, file);
    return { kind: 'loaded', connector: module['default'] as SourceType<unknown>, file };
  } catch (error) {
    return unusable('connector-unusable', `${name} threw while it was loaded: ${textOf(error)}`, file);
  }
}

function faultOf(module: Readonly<Record<string, unknown>>): string | undefined {
  const connector = module['default'];
  if (connector === undefined)
    return 'it has no default export; write export default { type, options, create }';
  const fault = connectorFault(connector);
  return fault === undefined ? undefined : `its default export is no connector: ${fault}`;
}

/** Why something is no connector, by its form. */
export function connectorFault(connector: unknown): string | undefined {
  if (!isMapping(connector)) return 'it must be an object with type, options and create';
  const { type, options, create } = connector;
  if (typeof type !== 'string' || type === '') return '"type" must be text, the name of the connector';
  if (typeof create !== 'function')
    return '"create" must be a function (options, context) that returns a source';
  if (!isMapping(options) || options['type'] !== 'object')
    return '"options" must be a JSON Schema of type object';
  const fault = schemaFault(options);
  return fault === undefined ? undefined : `"options" is not valid JSON Schema: ${fault}`;
}

async function withinTime(module: Promise<unknown>): Promise<Readonly<Record<string, unknown>>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const text = `it was not done within ${LOAD_WITHIN_MS / 1_000} s`;
    timer = setTimeout(() => reject(new Error(text)), LOAD_WITHIN_MS);
  });
  try {
    return (await Promise.race([module, late])) as Readonly<Record<string, unknown>>;
  } finally {
    clearTimeout(timer);
  }
}

/** First line only: the message of a module that is not there goes on with how it was searched. */
function textOf(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  const hint = /'tailrace'/.test(text) ? '; npm install tailrace beside it' : '';
  return text.slice(0, 500) + hint;
}

function signatureOf(file: string): string {
  const { ino, size, mtimeMs } = statSync(file);
  return [ino, size, mtimeMs].join(' ');
}

function unusable(
  code: Extract<OutsideConnector, { kind: 'unusable' }>['code'],
  message: string,
  file: string | undefined,
): OutsideConnector {
  return { kind: 'unusable', code, message, file };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
