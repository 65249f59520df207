// A19: every way into a broker that asks who reads, and each fault on that way: said so that it can be mended.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { dirname } from 'node:path';

import { OptionsRejected, SourceUnavailable } from '../../connectors/contract.js';
import type { KafkaOptions } from '../../connectors/kafka/options.js';
import { createTopic, produce, until, withAdmin } from '../support/kafka.js';
import { authority, type Authority, type Certificate } from '../support/certificates.js';
import { startSecuredKafka, type SecuredKafka } from '../support/secured-kafka.js';
import { collect, kafkaSource } from './collector.js';
import { bearerToken, tokenEndpoint, type TokenEndpoint } from './token-endpoint.js';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

let secured: SecuredKafka;
let topic: string;
let tokens: TokenEndpoint;
let foreign: Authority;
let client: Certificate;
let stranger: Certificate;
beforeAll(async () => {
  tokens = await tokenEndpoint();
  secured = await startSecuredKafka();
  foreign = await authority(dirname(secured.ca.path), 'foreign');
  [client, stranger] = [await secured.ca.sign('client'), await foreign.sign('client')];
  await secured.setPassword('sesame');
  topic = await createTopic({ brokers: secured.brokers });
  await produce(topic, [{ key: 'k', value: '1' }], secured.brokers);
}, 60_000);
afterAll(async () => {
  await tokens.close();
  await secured.close();
});

type Login = Partial<KafkaOptions>;
const erin = (mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512', password = 'sesame'): Login => ({
  sasl: { mechanism, username: 'erin', password },
});
const olga = (more: object = {}): Login => ({
  sasl: {
    ...{ mechanism: 'oauthbearer', tokenUrl: tokens.url, clientId: 'reader', clientSecret: 'h:u/s h' },
    ...more,
  },
});
const source = (brokers: readonly string[], login: Login = {}, topics = [topic]) =>
  kafkaSource({ topics, brokers, ...login });
const probe = (...args: Parameters<typeof source>): Promise<void> =>
  source(...args).probe(AbortSignal.timeout(20_000));

async function expectReads(brokers: readonly string[], login: Login = {}): Promise<void> {
  const reading = source(brokers, login);
  await reading.probe(AbortSignal.timeout(10_000));
  const seen = collect(reading);
  await seen.live();
  expect(seen.values).toEqual(['k=1']);
  await seen.stop();
}

describe('A19 the way in', () => {
  test('by name and password, with each mechanism', async () => {
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const)
      await expectReads(secured.at('sasl'), erin(mechanism));
  });

  test('over TLS, with a name and password as well, and with a client certificate', async () => {
    const { ca } = secured.ca;
    await expectReads(secured.at('tls'), { tls: { ca } });
    await expectReads(secured.at('misnamed'), { tls: { ca, servername: 'kafka.example' } });
    await expectReads(secured.at('saslTls'), { tls: { ca }, ...erin('scram-sha-512') });
    await expectReads(secured.at('mtls'), { tls: { ca, cert: client.cert, key: client.key } });
  });

  test('with a token from an endpoint, asked for once while it is good', async () => {
    tokens.asked.length = 0;
    const more = {
      scope: 'read write',
      audience: 'kafka',
      parameters: { resource: 'r' },
      extensions: { pool: 'p' },
    };
    await expectReads(secured.at('sasl'), olga(more));
    const form = { grant_type: 'client_credentials', scope: 'read write', audience: 'kafka', resource: 'r' };
    expect(tokens.asked).toEqual([{ login: 'reader:h%3Au%2Fs+h', form }]);
  });

  test('with any of several addresses, also in one text', async () => {
    const two = `127.0.0.1:1, ${secured.brokers[0]}`;
    const seen = collect(kafkaSource({ topics: [topic], brokers: two }));
    await seen.live();
    await seen.stop();
  });
});

describe('A19 a refusal names what is wrong and the option that mends it:', () => {
  const ca = (): string => secured.ca.ca;
  test.each<[string, () => [readonly string[], Login?, string[]?], RegExp]>([
    [
      'a wrong password',
      () => [secured.at('sasl'), erin('plain', 'sesame open')],
      /does not accept this user name and password.*`sasl.password`/,
    ],
    [
      'a wrong password, by SCRAM',
      () => [secured.at('sasl'), erin('scram-sha-512', 'sesame open')],
      /does not accept this user name and password/,
    ],
    [
      'a mechanism that is not offered',
      () => [secured.at('short'), erin('scram-sha-512')],
      /does not offer SCRAM-SHA-512, but .*PLAIN.*; set `sasl.mechanism`/,
    ],
    [
      'SASL where there is none',
      () => [secured.brokers, erin('plain')],
      /does not take SASL.*leave `sasl` out/,
    ],
    [
      'no SASL where it is asked for',
      () => [secured.at('sasl')],
      /expects a login by SASL \(it offers .*PLAIN.*\); set `sasl`/,
    ],
    ['no TLS where it is asked for', () => [secured.at('tls')], /expects TLS; set `tls/],
    [
      'no TLS, but SASL, where both are asked for',
      () => [secured.at('saslTls'), erin('scram-sha-512')],
      /expects TLS/,
    ],
    [
      'TLS where there is none',
      () => [secured.brokers, { tls: { ca: ca() } }],
      /speaks no TLS; leave `tls` out/,
    ],
    [
      'TLS where there is SASL alone',
      () => [secured.at('sasl'), { tls: { ca: ca() }, ...erin('plain') }],
      /speaks no TLS/,
    ],
    [
      'TLS without SASL where both are asked for',
      () => [secured.at('saslTls'), { tls: { ca: ca() } }],
      /expects a login by SASL \(it offers SCRAM-SHA-512\)/,
    ],
    [
      'the authorities of the system',
      () => [secured.at('tls'), { tls: true }],
      /not signed by an authority that is trusted here.*`tls.ca`/,
    ],
    [
      'another authority',
      () => [secured.at('tls'), { tls: { ca: foreign.ca } }],
      /not signed by an authority.*set other `tls.ca`/,
    ],
    [
      'a certificate out of date',
      () => [secured.at('expired'), { tls: { ca: ca() } }],
      /certificate has expired/,
    ],
    [
      'a certificate for another host',
      () => [secured.at('misnamed'), { tls: { ca: ca() } }],
      /another host name.*kafka\.example.*`tls.servername`/,
    ],
    [
      'no client certificate',
      () => [secured.at('mtls'), { tls: { ca: ca() } }],
      /asks for a client certificate.*`tls.cert` and `tls.key`/,
    ],
    [
      'a client certificate of another authority',
      () => [secured.at('mtls'), { tls: { ca: ca(), cert: stranger.cert, key: stranger.key } }],
      /does not accept this client certificate/,
    ],
    [
      'a key of another certificate',
      () => [secured.at('mtls'), { tls: { ca: ca(), cert: client.cert, key: stranger.key } }],
      /`tls.key` is not the key of `tls.cert`/,
    ],
    [
      'an authority that is no PEM',
      () => [secured.at('tls'), { tls: { ca: 'x' } }],
      /`tls.ca` is not a certificate in PEM/,
    ],
    ['an unknown topic', () => [secured.brokers, {}, [`${topic}s`]], /did you mean topic-/],
  ])(
    '%s',
    async (_, way, sentence) => {
      const refused = probe(...way());
      await expect(refused).rejects.toThrow(OptionsRejected);
      await expect(refused).rejects.toThrow(sentence);
      await expect(refused).rejects.not.toThrow(/sesame/);
    },
    30_000,
  );

  test('a token that the broker does not take, and an endpoint that gives none', async () => {
    const refusal = async (status: number, body: unknown): Promise<string> => {
      tokens.answer = () => ({ status, body });
      const failed = await probe(secured.at('sasl'), olga()).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(OptionsRejected);
      return String(failed);
    };
    expect(await refusal(200, bearerToken({ lifetimeS: -100 }))).toMatch(
      /does not accept the token \(invalid_token\).*expired/,
    );
    expect(await refusal(401, { error: 'invalid_client' })).toMatch(
      /token endpoint http.*invalid_client.*`sasl.clientSecret`/,
    );
    expect(await refusal(400, { error: 'invalid_scope', error_description: 'no such' })).toMatch(
      /invalid_scope: no such.*`sasl.scope`/,
    );
    expect(await refusal(200, 'a page')).toMatch(/no access_token/);
    tokens.answer = () => ({ status: 503, body: {} });
    await expect(probe(secured.at('sasl'), olga())).rejects.toThrow(SourceUnavailable);
    const nobody = probe(secured.at('sasl'), olga({ tokenUrl: 'http://127.0.0.1:1/token' }));
    await expect(nobody).rejects.toThrow(
      /token endpoint http:\/\/127.0.0.1:1\/token is unreachable: ECONNREFUSED/,
    );
    await expect(nobody).rejects.toThrow(SourceUnavailable);
    tokens.answer = () => ({ status: 200, body: bearerToken() });
  });

  test('a token that is signed for Amazon MSK', async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' });
    const sasl = { mechanism: 'aws-msk-iam', region: 'eu-central-1' } as const;
    await expect(probe(secured.at('sasl'), { sasl })).rejects.toThrow(/does not accept the token/);
    await expect(probe(secured.at('short'), { sasl })).rejects.toThrow(/does not offer OAUTHBEARER/);
  });

  test('a user who may see a topic but not read it', async () => {
    const seen = await createTopic({ brokers: secured.brokers });
    const rule = { ...denial(seen, AclOperationTypes.DESCRIBE), permissionType: AclPermissionTypes.ALLOW };
    await withAdmin((admin) => admin.createAcls({ acl: [rule] }), secured.brokers);
    await expect(probe(secured.at('sasl'), erin('plain'), [seen])).rejects.toThrow(
      `topic ${seen}: this user may see it but not read it (needs READ)`,
    );
    const none = denial(seen, AclOperationTypes.ALL);
    await withAdmin((admin) => admin.createAcls({ acl: [none] }), secured.brokers);
    await expect(probe(secured.at('sasl'), erin('plain'), [seen])).rejects.toThrow(
      /may not see it, or it does not exist/,
    );
  });
});

describe('A19 what cannot be reached is no refusal, and is told apart:', () => {
  test.each<[string, () => readonly string[], RegExp]>([
    ['nothing listens', () => ['127.0.0.1:1'], /Kafka at 127.0.0.1:1: nothing listens there/],
    ['a name that does not resolve', () => ['kafka.invalid:9092'], /does not resolve/],
    [
      'several, each with its reason',
      () => ['127.0.0.1:1', 'kafka.invalid:9092'],
      /none of 2 brokers.*nothing listens.*does not resolve/,
    ],
    [
      'a broker that advertises a dead address',
      () => secured.at('astray'),
      /broker 1 advertises 127.0.0.1:\d+, which is unreachable from here, though 127.0.0.1:\d+ answered.*advertised\.listeners.*nothing listens/,
    ],
    [
      'a broker that advertises an unknown name',
      () => secured.at('nameless'),
      /broker 1 advertises kafka-1.invalid:9092.*does not resolve/,
    ],
  ])('%s', async (_, brokers, sentence) => {
    const unreachable = probe(brokers());
    await expect(unreachable).rejects.toThrow(SourceUnavailable);
    await expect(unreachable).rejects.toThrow(sentence);
  });
});

const denial = (name: string, operation: number) => ({
  ...{ resourceType: AclResourceTypes.TOPIC, resourceName: name, operation },
  ...{ resourcePatternType: ResourcePatternTypes.LITERAL, principal: 'User:erin', host: '*' },
  permissionType: AclPermissionTypes.DENY,
});

describe('A19 while it runs,', () => {
  test('sessions that the broker ends are renewed before that: nothing is interrupted or lost', async () => {
    const name = await createTopic({ brokers: secured.brokers });
    const atOnce = { interruptedAfter: '1ms', ...erin('plain') };
    const seen = collect(source(secured.at('short'), atOnce, [name]));
    await seen.live();
    const end = performance.now() + 4_500;
    let sent = 0;
    while (performance.now() < end) {
      await produce(name, [{ key: 'k', value: String(++sent) }], secured.brokers);
      await until('the record', () => seen.values.length === sent);
    }
    expect(sent).toBeGreaterThan(20);
    expect(seen.values).toEqual(Array.from({ length: sent }, (_, n) => `k=${n + 1}`));
    expect(seen.told()).toEqual(['live']);
    await seen.stop();
  }, 30_000);

  test('a right that is taken away interrupts with the topic, others read on, and given back it resumes', async () => {
    const { brokers } = secured;
    const [denied, other] = [await createTopic({ brokers }), await createTopic({ brokers })];
    const way = [secured.at('sasl'), erin('plain')] as const;
    const { log, warnings } = heard();
    const losing = kafkaSource({ topics: [denied], brokers: way[0], ...way[1] }, log);
    const [seen, beside] = [collect(losing), collect(source(...way, [other]))];
    await Promise.all([seen.live(), beside.live()]);
    const rule = denial(denied, AclOperationTypes.ALL);
    await withAdmin((admin) => admin.createAcls({ acl: [rule] }), brokers);
    await until('interrupted', () => seen.told().includes('interrupted'));
    expect(seen.events.at(-1)).toMatchObject({
      reason: expect.stringMatching(`topic ${denied}.*not allowed to read it`),
    });
    for (const each of [denied, other]) await produce(each, [{ key: 'k', value: '1' }], brokers);
    await until('the other topic', () => beside.values.includes('k=1'));
    await withAdmin((admin) => admin.deleteAcls({ filters: [rule] }), brokers);
    await seen.live(2);
    await until('the record', () => seen.values.length > 0);
    expect([seen.values, beside.told()]).toEqual([['k=1'], ['live']]);
    expect(warnings).toEqual(['source-auth-failed']);
    await Promise.all([seen.stop(), beside.stop()]);
  }, 60_000);

  test('a password that is changed there interrupts, loudly; adopted here, reading goes on where it was', async () => {
    const name = await createTopic({ brokers: secured.brokers });
    const options = { topics: [name], brokers: secured.at('short'), ...erin('scram-sha-256') };
    const { log, warnings } = heard();
    const reading = kafkaSource(options, log);
    const seen = collect(reading);
    await seen.live();
    await produce(name, [{ key: 'k', value: '1' }], secured.brokers);
    await secured.setPassword('open sesame');
    await until('interrupted', () => seen.told().includes('interrupted'));
    expect(warnings).toEqual(['source-auth-failed']);
    expect(seen.events.at(-1)).toMatchObject({ reason: expect.stringContaining('`sasl.password`') });
    await produce(name, [{ key: 'k', value: '2' }], secured.brokers);
    expect(reading.adopt?.({ ...options, topics: [topic] })).toBe(false);
    expect(reading.adopt?.({ ...options, ...erin('scram-sha-256', 'open sesame') })).toBe(true);
    await seen.live(2);
    await until('the record', () => seen.values.length === 2);
    expect(seen.values).toEqual(['k=1', 'k=2']);
    await seen.stop();
    await secured.setPassword('sesame');
  }, 30_000);

  test('a client certificate that is adopted is shown on every connection soon: nothing is interrupted', async () => {
    const { ca } = secured.ca;
    const name = await createTopic({ brokers: secured.brokers });
    const tls = ({ cert, key }: Certificate) => ({ tls: { ca, cert, key } });
    const options = { topics: [name], brokers: secured.at('mtls'), interruptedAfter: '3s' };
    const reading = kafkaSource({ ...options, ...tls(client) });
    const seen = collect(reading);
    await seen.live();
    expect(reading.adopt?.({ ...options, ...tls(await secured.ca.sign('successor')) })).toBe(true);
    const former = { ...denial(name, AclOperationTypes.ALL), principal: 'User:CN=client' };
    const everybody = { ...former, principal: 'User:*', permissionType: AclPermissionTypes.ALLOW };
    await withAdmin((admin) => admin.createAcls({ acl: [former, everybody] }), secured.brokers);
    await produce(name, [{ key: 'k', value: '1' }], secured.brokers);
    await until('the record', () => seen.values.length === 1);
    expect(seen.told()).toEqual(['live']);
    await seen.stop();
  });
});

function heard() {
  const warnings: string[] = [];
  return { warnings, log: { info: () => undefined, warn: (event: string) => void warnings.push(event) } };
}
