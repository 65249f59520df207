// Options, topic patterns and position texts of the Kafka connector.

import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';

import { connectors } from '../../connectors/registry.js';
import { kafka } from '../../connectors/kafka/kafka.js';
import { nearNames } from '../../connectors/kafka/near-names.js';
import { parseStart } from '../../connectors/kafka/options.js';
import { addressText, brokerAddresses, parseAddress } from '../../src/kafka/address.js';
import { parsePosition, positionText } from '../../connectors/kafka/position.js';
import { matches, topicChoice } from '../../connectors/kafka/topics.js';

const check = new Ajv2020({ useDefaults: true, strict: false }).compile(kafka.options);
const minimal = (): Record<string, unknown> => ({ brokers: ['kafka:9092'], topics: ['fx.quotes'] });

test('the registry lists the connector, and every option has a description', () => {
  expect(connectors).toContain(kafka);
  const properties = Object.values(kafka.options['properties'] as Record<string, { description?: string }>);
  expect(properties.filter(({ description }) => !description)).toEqual([]);
});

test('brokers and topics suffice, and defaults are filled in', () => {
  const options = minimal();
  expect(check(options)).toBe(true);
  expect(options).toMatchObject({
    start: 'earliest',
    clientId: 'tailrace',
    fetchWindow: '10ms',
    maxBytesPerPartition: 262144,
  });
});

test.each([
  [{ nope: 1 }],
  [{ brokers: [] }],
  [{ brokers: ['kafka'] }],
  [{ brokers: ['kafka:0'] }],
  [{ brokers: ['kafka:65536'] }],
  [{ brokers: 'a:9092,,b:9092' }],
  [{ brokers: '::1:9092' }],
  [{ topics: [] }],
  [{ topics: ['/regex/'] }],
  [{ start: 'yesterday' }],
  [{ start: '99999999d' }],
  [{ sasl: { mechanism: 'gssapi', username: 'u', password: 'p' } }],
  [{ sasl: { mechanism: 'plain', username: 'u' } }],
  [{ sasl: { mechanism: 'plain', username: 'u', password: 'p', region: 'r' } }],
  [{ sasl: { mechanism: 'oauthbearer', clientId: 'c', clientSecret: 's' } }],
  [{ sasl: { mechanism: 'aws-msk-iam' } }],
  [{ sasl: { mechanism: 'aws-msk-iam', region: 'r', roleArn: 'arn:aws:iam::1:role/a', profile: 'p' } }],
  [{ tls: { cert: 'pem' } }],
  [{ fetchWindow: '5' }],
  [{ interruptedAfter: '2h' }],
  [{ requestTimeout: '0s' }],
])('%j is refused', (change) => {
  expect(check({ ...minimal(), ...change })).toBe(false);
});

test('brokers are a list, or one text with commas, with IPv6 in brackets', () => {
  const written = ['a:1,b:65535', '[::1]:9092 , [fe80::1%eth0]:9092', ['a:9092', 'b:9092,c:9093'], 'a:9092,'];
  for (const brokers of written) expect([brokers, check({ ...minimal(), brokers })]).toEqual([brokers, true]);
  expect(brokerAddresses(['a:9092', 'b:9092, a:9092,'])).toEqual(['a:9092', 'b:9092']);
  expect(parseAddress('[fe80::1%eth0]:9093')).toEqual({ host: 'fe80::1%eth0', port: 9093 });
  expect(addressText(parseAddress('[::1]:9092'))).toBe('[::1]:9092');
});

test('each mechanism takes its own options', () => {
  const token = { tokenUrl: 'https://idp.example/token', clientId: 'c', clientSecret: 's' };
  const accepted = [
    { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
    {
      mechanism: 'oauthbearer',
      ...token,
      scope: 's',
      parameters: { a: 'b' },
      extensions: { logicalCluster: 'l' },
    },
    { mechanism: 'aws-msk-iam', region: 'eu-central-1', roleArn: 'arn:aws:iam::123456789012:role/reader' },
  ];
  for (const sasl of accepted) expect([sasl, check({ ...minimal(), sasl })]).toEqual([sasl, true]);
});

test('start is a word, a duration back, or a time', () => {
  expect(parseStart('latest')).toEqual({ from: 'latest' });
  expect(parseStart('15m')).toEqual({ from: 'ago', durationMs: 900_000 });
  expect(parseStart('2026-01-31T08:00:00Z')).toEqual({ from: 'time', timestampMs: Date.UTC(2026, 0, 31, 8) });
  expect(() => parseStart('2026-99-99')).toThrow(/neither earliest/);
});

test('a star stands for any run of characters, also none, and nothing else is special', () => {
  expect(matches('fx.*', 'fx.')).toBe(true);
  expect(matches('fx.*', 'fxx')).toBe(false);
  expect(matches('*.quotes', 'fx.quotes')).toBe(true);
  expect(matches('a*a', 'a')).toBe(false);
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 12 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (glob, name) => {
      const expression = new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
      expect(matches(glob, name)).toBe(expression.test(name));
    }),
  );
});

test('A21 topics named like built-ins are names, and a pattern does not take internal topics', () => {
  const choice = topicChoice(['constructor', '__*']);
  expect(choice.wants({ topic: 'constructor', isInternal: false })).toBe(true);
  expect(choice.wants({ topic: '__proto__', isInternal: false })).toBe(true);
  expect(choice.wants({ topic: '__consumer_offsets', isInternal: true })).toBe(false);
  expect(choice.wants({ topic: 'toString', isInternal: false })).toBe(false);
});

test('a position keeps the offset and the identity of the topic', () => {
  const position = { offset: 4711, topicId: 'tVgIpCVpQ6aB-pL9qZkBWQ' };
  expect(positionText(position)).toBe('4711@tVgIpCVpQ6aB-pL9qZkBWQ');
  expect(parsePosition(positionText(position))).toEqual(position);
  expect(parsePosition('12')).toEqual({ offset: 12, topicId: '' });
  for (const wrong of ['', '-1', '1@', 'x', '1@short']) expect(parsePosition(wrong)).toBeUndefined();
});

test('a misspelt topic is answered with names that are near', () => {
  expect(nearNames('fx.qoutes', ['fx.quotes', 'orders', 'fx.quote'])).toEqual(['fx.quotes', 'fx.quote']);
  expect(nearNames('zzz', ['fx.quotes'])).toEqual([]);
});
