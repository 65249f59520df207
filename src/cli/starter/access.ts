// How init reaches the cluster, and how the same is written down for run: secrets are read here and referred to there.

import { resolve } from 'node:path';
import type { KafkaOptions } from '../../../connectors/kafka/options.js';
import { readText } from '../config-file.js';
import type { SASL_MECHANISMS } from './sasl-mechanisms.js';
import type { Reference, WrittenAccess } from './starter-text.js';
import type { WrittenRegistry } from './trial.js';

export interface AccessFlags {
  readonly brokers: readonly string[];
  readonly tls?: boolean;
  /** File with the authorities to trust. Means TLS. */
  readonly tlsCa?: string;
  readonly sasl?: (typeof SASL_MECHANISMS)[number];
  readonly username?: string;
  /** Left out: the variable KAFKA_PASSWORD. */
  readonly passwordFile?: string;
  readonly registry?: URL;
  /** With the password in the variable REGISTRY_PASSWORD. */
  readonly registryUsername?: string;
}

export interface Access {
  readonly kafka: KafkaOptions;
  readonly written: WrittenAccess;
  readonly registry: WrittenRegistry | undefined;
}

const PASSWORD = 'KAFKA_PASSWORD';
const REGISTRY_PASSWORD = 'REGISTRY_PASSWORD';

/** Or what is missing, in a sentence. Throws `file-unreadable`. */
export function accessOf(flags: AccessFlags, env: NodeJS.ProcessEnv): Access | { readonly fault: string } {
  const { brokers, sasl: mechanism, username, passwordFile } = flags;
  const registry = registryOf(flags, env);
  if (registry !== undefined && 'fault' in registry) return registry;
  const common = { brokers, topics: [] };
  const tls = tlsOf(flags);
  if (mechanism === undefined) {
    if (username !== undefined || passwordFile !== undefined)
      return { fault: 'say with --sasl how to log in: the listener knows which mechanisms it offers' };
    return { kafka: { ...common, ...tls?.read }, written: { brokers, ...tls?.written }, registry };
  }
  if (username === undefined) return { fault: '--sasl needs --username' };
  const read = passwordFile === undefined ? env[PASSWORD] : readText(passwordFile).replace(/\r?\n$/, '');
  if (read === undefined || read === '')
    return { fault: `--sasl needs a password: say --password-file, or set ${PASSWORD}` };
  const reference: Reference =
    passwordFile === undefined ? { env: PASSWORD } : { file: resolve(passwordFile) };
  return {
    kafka: { ...common, ...tls?.read, sasl: { mechanism, username, password: read } },
    written: { brokers, ...tls?.written, sasl: { mechanism, username, password: reference } },
    registry,
  };
}

function tlsOf({
  tls,
  tlsCa,
}: AccessFlags):
  { readonly read: Pick<KafkaOptions, 'tls'>; readonly written: Pick<WrittenAccess, 'tls'> } | undefined {
  if (tlsCa !== undefined)
    return { read: { tls: { ca: readText(tlsCa) } }, written: { tls: { ca: { file: resolve(tlsCa) } } } };
  return tls === true ? { read: { tls }, written: { tls } } : undefined;
}

function registryOf(
  { registry, registryUsername: username }: AccessFlags,
  env: NodeJS.ProcessEnv,
): WrittenRegistry | { readonly fault: string } | undefined {
  if (registry === undefined)
    return username === undefined ? undefined : { fault: '--registry-username needs --registry' };
  if (registry.username !== '' || registry.password !== '')
    return { fault: `a URL is seen by others: say --registry-username, and set ${REGISTRY_PASSWORD}` };
  const url = `${registry.origin}${registry.pathname.replace(/\/+$/, '')}`;
  if (username === undefined) return { url };
  if ((env[REGISTRY_PASSWORD] ?? '') === '')
    return { fault: `--registry-username needs ${REGISTRY_PASSWORD} to be set` };
  return { url, username, password: { env: REGISTRY_PASSWORD } };
}
