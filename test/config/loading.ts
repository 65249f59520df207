// Short ways to load a configuration in tests.

import { loadConfig, type LoadedConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/config.js';
import { findingText } from '../../src/config/finding.js';
import { CONNECTORS } from './stream-connector.js';

export const SECRET = 'a secret of more than thirty-two bytes';

export function offline(text: string): LoadedConfig {
  return loadConfig({ name: 'tailrace.yaml', text }, CONNECTORS, { kind: 'offline' });
}

export interface World {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

export function online(
  text: string,
  { env = { TOKEN_SECRET: SECRET }, files = {} }: World = {},
): LoadedConfig {
  const readFile = (path: string): string => {
    const content = files[path];
    if (content === undefined) throw new Error('no such file');
    return content;
  };
  return loadConfig({ name: 'tailrace.yaml', text }, CONNECTORS, { kind: 'online', env, readFile });
}

/** The configuration, or an error that lists the findings. */
export function resolved(loaded: LoadedConfig): Config {
  if (loaded.config !== undefined) return loaded.config;
  throw new Error(loaded.findings.map(findingText).join('\n'));
}

/** `unknown-key 3`: codes and lines in the order of the file. */
export function summary({ findings }: LoadedConfig): string[] {
  return findings.map(({ code, line }) => `${code} ${line}`);
}

/** A configuration without a mistake; parts can be replaced. */
export function yaml(
  parts: Partial<Record<'top' | 'auth' | 'sources' | 'entitlements', string>> = {},
): string {
  return [
    parts.top ?? '',
    parts.auth ??
      'auth: { jwt: { secret: { env: TOKEN_SECRET }, issuer: https://idp.example, audience: tailrace } }',
    parts.sources ??
      `sources:
  - name: quotes
    stream: { hosts: [a:1], topics: [fx.quotes] }
    map: [{ path: "prices/{value.symbol}/spot" }]`,
    parts.entitlements ?? 'entitlements: [{ allow: [trader], paths: [prices/**] }]',
    '',
  ].join('\n');
}
