// docker-compose.yml as Compose reads it: merge keys resolved, variables put in, and which services start for which profiles.

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface Service {
  readonly profiles?: readonly string[];
  readonly image: string;
  readonly build?: string;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly mem_limit?: string;
  readonly stop_grace_period?: string;
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number | null>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, unknown>>;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly external?: boolean; readonly name: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

type Variables = Readonly<Record<string, string>>;

export const COMPOSE_TEXT = readFileSync('docker-compose.yml', 'utf8');
const VARIABLE = /\$\{([A-Z_]+)(?::-([^}]*))?\}/g;

/** With these variables set and no others. */
export function composeFile(variables: Variables = {}): ComposeFile {
  const valueOf = (_: string, name: string, otherwise?: string): string => variables[name] ?? otherwise ?? '';
  return parse(COMPOSE_TEXT.replace(VARIABLE, valueOf), { merge: true }) as ComposeFile;
}

/** Every variable that the file takes from the outside, with its default; undefined: it is handed on where it is set. */
export function variablesOf(): ReadonlyMap<string, string | undefined> {
  const found = new Map<string, string | undefined>();
  for (const [, name = '', otherwise] of COMPOSE_TEXT.matchAll(VARIABLE)) found.set(name, otherwise);
  for (const { environment = {} } of Object.values(composeFile().services)) {
    for (const [name, value] of Object.entries(environment)) if (value === null) found.set(name, undefined);
  }
  return found;
}

/**
 * Names of the services that start, in the order of the file. Without a profile it is COMPOSE_PROFILES of .env that counts:
 * both Compose 1.29 and 2 take `--profile` instead of the variable, not beside it.
 */
export function startedBy(profiles: readonly string[]): string[] {
  const active = profiles.length > 0 ? profiles : (dotEnv()['COMPOSE_PROFILES'] ?? '').split(',');
  const isActive = ({ profiles: own = [] }: Service) =>
    own.length === 0 || own.some((name) => active.includes(name));
  return Object.entries(composeFile().services).flatMap(([name, service]) =>
    isActive(service) ? [name] : [],
  );
}

/** What .env sets. */
export function dotEnv(): Variables {
  const lines = [...readFileSync('.env', 'utf8').matchAll(/^([A-Z_]+)=(.*)$/gm)];
  return Object.fromEntries(lines.map(([, name = '', value = '']) => [name, value]));
}

/** `from` is a path on the host, relative to the root, or the name of a volume. */
export function mountsOf({ volumes = [] }: Service): { from: string; to: string; mode: string }[] {
  return volumes.map((volume) => {
    const [from = '', to = '', mode = 'rw'] = volume.split(':');
    return { from, to, mode };
  });
}
