// Reads the configuration from disk for every verb, and reports what was found in it.

import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { findingText, type Finding } from '../config/finding.js';
import { loadConfig, type ConfigFile, type LoadedConfig } from '../config/load.js';
import { loadOutsideConnectors } from '../config/outside-connectors.js';
import type { ConnectorTypes } from '../config/sources.js';
import { TailraceError } from '../errors.js';
import type { Output } from './output.js';

/** What Kubernetes lets a ConfigMap hold; reading it takes a second or two. */
const MAX_CONFIG_BYTES = 1024 * 1024;
/** Of a record, or of claims. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;
/** Of a `{ file: PATH }`: keys and passwords are small. */
const MAX_SECRET_BYTES = 64 * 1024;

/**
 * Reads the file, and loads the connectors that it names and that are not built in: their code runs. `offline`: variables and
 * files that it names are not looked at. Throws `file-unreadable`.
 */
export async function readConfigFile(
  path: string,
  types: ConnectorTypes,
  env: NodeJS.ProcessEnv | 'offline',
): Promise<LoadedConfig> {
  const file = { name: path, text: readText(path, MAX_CONFIG_BYTES) };
  return loadConfigText(file, types, { env, folder: dirname(path) });
}

/** The same for a text that is in hand. `folder`: from which files and modules count that it names. */
export async function loadConfigText(
  file: ConfigFile,
  types: ConnectorTypes,
  { env, folder }: { readonly env: NodeJS.ProcessEnv | 'offline'; readonly folder: string },
): Promise<LoadedConfig> {
  const outside = await loadOutsideConnectors(file, folder);
  if (env === 'offline') return loadConfig(file, types, { kind: 'offline' }, outside);
  const readFile = (name: string): string => readText(resolve(folder, name), MAX_SECRET_BYTES);
  return loadConfig(file, types, { kind: 'online', env, readFile }, outside);
}

/** Before rules are carried out that were read offline. Throws `file-unreadable` when they are not known in full. */
export function requireKnownRules({ origins }: LoadedConfig): void {
  const unknown = origins?.unknownInRules() ?? [];
  if (unknown.length === 0) return;
  const message = `rules take text from ${unknown.join(', ')}, which is not read here; check --env --sample reads it`;
  throw new TailraceError('file-unreadable', message);
}

/** Text of a file that somebody named. Throws `file-unreadable` with a sentence, never with content. */
export function readText(path: string, maxBytes = MAX_FILE_BYTES): string {
  let bytes: Buffer;
  try {
    if (statSync(path).size > maxBytes)
      throw new TailraceError('file-unreadable', `${path} is larger than ${maxBytes} bytes`);
    bytes = readFileSync(path);
  } catch (cause) {
    if (cause instanceof TailraceError) throw cause;
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
    throw new TailraceError('file-unreadable', `${path} ${REASONS[code] ?? `cannot be read: ${code}`}`, {
      cause,
    });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TailraceError('file-unreadable', `${path} is not UTF-8 text`, { cause });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a directory',
};

/** Every finding: as data with `json`, one object a line, else as text with pictures. */
export function reportFindings(
  findings: readonly Finding[],
  output: Output,
  { json }: { readonly json: boolean },
): void {
  for (const finding of findings) {
    if (json) output.json({ finding: finding.code, ...factsOf(finding) });
    else output.data(findingText(finding));
  }
}

/** A finding as facts, for machines and logs. */
export function factsOf(finding: Finding): Omit<Finding, 'picture' | 'code'> {
  const { severity, message, suggestion, path, file, line, column, docs } = finding;
  return { severity, message, suggestion, path, file, line, column, docs };
}
