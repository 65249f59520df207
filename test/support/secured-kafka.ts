// One real broker that asks who reads, on a listener for each way in. Users: erin with the password `sesame`, and whoever a token names.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../src/demo/kafka-process.js';
import { startKafka, type LocalKafka } from '../../src/demo/local-kafka.js';
import { authority, type Authority } from './certificates.js';
import { setScramPassword } from './scram-user.js';

const LISTENERS = {
  /** PLAIN, SCRAM and OAUTHBEARER. */
  sasl: 'SASL_PLAINTEXT',
  /** PLAIN and SCRAM-SHA-256, in sessions of 2 s. */
  short: 'SASL_PLAINTEXT',
  tls: 'SSL',
  /** Asks for a certificate of the authority. */
  mtls: 'SSL',
  /** Its certificate is out of date. */
  expired: 'SSL',
  /** Its certificate is for another host. */
  misnamed: 'SSL',
  /** SCRAM over TLS. */
  saslTls: 'SASL_SSL',
  /** Advertises an address at which nothing listens. */
  astray: 'PLAINTEXT',
  /** Advertises a name that nobody knows. */
  nameless: 'PLAINTEXT',
} as const;
export type ListenerName = keyof typeof LISTENERS;

export interface SecuredKafka {
  readonly kafka: LocalKafka;
  /** Without login or TLS; who comes there may do everything. */
  readonly brokers: readonly string[];
  readonly ca: Authority;
  at(listener: ListenerName): string[];
  /** Of erin, for SCRAM. */
  setPassword(password: string): Promise<void>;
  close(): Promise<void>;
}

const PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_erin="sesame";';
const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
const OAUTH =
  'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";';
const UNSECURED =
  'org.apache.kafka.common.security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler';

export async function startSecuredKafka(): Promise<SecuredKafka> {
  const folder = await mkdtemp(join(tmpdir(), 'tailrace-secured-kafka-'));
  const names = Object.keys(LISTENERS) as ListenerName[];
  const addresses = new Map<ListenerName, string>();
  for (const name of names) addresses.set(name, `127.0.0.1:${await freePort()}`);
  const [port, deadPort] = [await freePort(), await freePort()];
  const ca = await authority(folder, 'ca');
  const server = await ca.sign('server');
  const expired = await ca.sign('server', { days: -1 });
  const misnamed = await ca.sign('server', { names: 'DNS:kafka.example' });
  const keyStores = { tls: server, mtls: server, saslTls: server, expired, misnamed };
  const advertised = {
    ...Object.fromEntries(addresses),
    astray: `127.0.0.1:${deadPort}`,
    nameless: 'kafka-1.invalid:9092',
  };
  const listed = (all: Readonly<Record<string, string>>): string =>
    [
      `PLAINTEXT://127.0.0.1:${port}`,
      ...Object.entries(all).map(([name, to]) => `${name.toUpperCase()}://${to}`),
    ].join(',');
  const protocols = names.map((name) => `${name.toUpperCase()}:${LISTENERS[name]}`);
  const kafka = await startKafka({
    ...{ dataDir: join(folder, 'data'), port },
    extraListeners: [...addresses].map(([name, address]) => `${name.toUpperCase()}://${address}`),
    properties: {
      'advertised.listeners': listed(advertised),
      'listener.security.protocol.map': ['PLAINTEXT:PLAINTEXT', 'CONTROLLER:PLAINTEXT', ...protocols].join(
        ',',
      ),
      ...of('sasl', {
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
        'plain.sasl.jaas.config': PLAIN,
        'scram-sha-256.sasl.jaas.config': SCRAM,
        'scram-sha-512.sasl.jaas.config': SCRAM,
        'oauthbearer.sasl.jaas.config': OAUTH,
        'oauthbearer.sasl.server.callback.handler.class': UNSECURED,
      }),
      ...of('short', {
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256',
        'plain.sasl.jaas.config': PLAIN,
        'scram-sha-256.sasl.jaas.config': SCRAM,
        'plain.connections.max.reauth.ms': '2000',
        'scram-sha-256.connections.max.reauth.ms': '2000',
      }),
      ...of('saslTls', {
        'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
        'scram-sha-512.sasl.jaas.config': SCRAM,
      }),
      ...Object.entries(keyStores).reduce(
        (all, [name, { path }]) => ({
          ...all,
          ...of(name, { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': path }),
        }),
        {},
      ),
      ...of('mtls', {
        'ssl.client.auth': 'required',
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': ca.path,
      }),
      'connection.failed.authentication.delay.ms': '0',
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
      'allow.everyone.if.no.acl.found': 'true',
    },
  });
  const setPassword = (password: string): Promise<void> =>
    setScramPassword(`127.0.0.1:${port}`, 'erin', password);
  return {
    ...{ kafka, ca, setPassword, brokers: kafka.brokers },
    at: (listener) => [addresses.get(listener) ?? ''],
    async close() {
      await kafka.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function of(listener: string, settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      `listener.name.${listener.toLowerCase()}.${name}`,
      value,
    ]),
  );
}
