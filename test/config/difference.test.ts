import { expect, test } from '@jest/globals';
import { differenceOf } from '../../src/config/difference.js';
import { online, resolved, SECRET, yaml, type World } from './loading.js';

const BASE = yaml({ top: 'log: { level: info }' });
const differ = (after: string, o: { before?: string; world?: World } = {}) =>
  differenceOf(resolved(online(o.before ?? BASE)), resolved(online(after, o.world)));

const rules = (text: string) => yaml({ top: 'log: { level: info }', entitlements: `entitlements: ${text}` });
const source = (text: string) => yaml({ top: 'log: { level: info }', sources: `sources:\n  - ${text}` });

test('two readings of one file do not differ, and neither do two spellings of one value', () => {
  expect(differ(BASE)).toEqual({ changes: [], needRestart: [] });
  expect(differ(yaml({ top: 'log: { level: info }\nshutdown: { grace: 9000ms }' })).changes).toEqual([]);
});

test('a change is named by its path as it is written, with both values where they are no secret', () => {
  expect(differ(yaml({ top: 'log: { level: debug }\nshutdown: { grace: 20s }' })).changes).toEqual([
    'log.level: info -> debug',
    'shutdown.grace: 9000ms -> 20000ms',
  ]);
});

test('what only a restart can take up is told apart', () => {
  const top =
    'listen: { port: 1, origins: [https://a.example] }\nadmin: { host: 0.0.0.0 }\nlimits: { maxKeys: 7 }\nfanout: { flushWindow: 1ms }';
  expect(differ(yaml({ top }), { before: yaml() }).needRestart).toEqual([
    'listen.port',
    'admin.host',
    'limits.maxKeys',
    'fanout.flushWindow',
  ]);
});

test('F14 a secret that changed is a change, and neither value is said', () => {
  const next = 'another secret of more than thirty-two bytes';
  const { changes } = differ(BASE, { world: { env: { TOKEN_SECRET: next } } });
  expect(changes).toEqual(['auth.jwt.key.secret: changed']);
  expect(JSON.stringify(changes)).not.toContain(SECRET);
});

test('sources are told apart by name, and by the parts that changed', () => {
  const quotes =
    'stream: { hosts: [a:1], topics: [fx.quotes] }\n    map: [{ path: "prices/{value.symbol}/spot" }]';
  const orders = '{ name: orders, stream: { hosts: [a:1], topics: [o] }, map: [{ path: "orders/{key}" }] }';
  expect(differ(source(`name: quotes\n    ${quotes}\n  - ${orders}`)).changes).toEqual([
    'sources.orders: added',
  ]);
  expect(differ(source(orders)).changes.slice(0, 2)).toEqual([
    'sources.quotes: removed',
    'sources.orders: added',
  ]);
  expect(
    differ(source(`name: quotes\n    ${quotes.replace('a:1', 'b:1').replace('spot', 'all')}`)).changes,
  ).toEqual(['sources.quotes: options, map']);
});

test('rules are counted; their order alone is said, since it changes nothing', () => {
  const two = '[{ allow: [trader], paths: [prices/**] }, { allow: [guest], paths: [prices/**] }]';
  const swapped = '[{ allow: [guest], paths: [prices/**] }, { allow: [trader], paths: [prices/**] }]';
  expect(differ(rules(two)).changes).toEqual(['entitlements: 1 rules added or changed, 0 gone or changed']);
  expect(differ(rules(swapped), { before: rules(two) }).changes).toEqual(['entitlements: other order']);
});
