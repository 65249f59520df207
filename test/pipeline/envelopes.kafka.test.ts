// Changes of Debezium and CloudEvents in both modes, from a real broker to what a client holds; and an array that becomes paths.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { isDeepStrictEqual } from 'node:util';

import { connectors } from '../../connectors/registry.js';
import { systemClock } from '../../src/clock.js';
import { loadConfig } from '../../src/config/load.js';
import { startPipeline, type RunningPipeline } from '../../src/pipeline.js';
import { createLog } from '../../src/telemetry/logger.js';
import { resolved } from '../config/loading.js';
import { keyWithSchema, postgres, withSchema, type Operation } from '../decode/debezium-records.js';
import type { Value } from '../oracle/naive-json.js';
import { createTopic, produce, testBrokers, until } from '../support/kafka.js';
import { Watcher } from './watcher.js';

const COMPACT = { configs: { 'cleanup.policy': 'compact' } };
const rejected: { source: string; code: string }[] = [];
let rows: string;
let events: string;
let pipeline: RunningPipeline;
let watcher: Watcher;

const yaml = () => `
listen: { host: 127.0.0.1, port: 0 }
admin: { host: 127.0.0.1, port: 0 }
auth: none
sources:
  - name: customers
    kafka: { brokers: ["${testBrokers()[0]}"], topics: [${rows}] }
    format: { key: debezium, value: debezium }
    map: [{ path: "customers/{key.id}", value: { omit: [/email] } }]
  - name: orders
    kafka: { brokers: ["${testBrokers()[0]}"], topics: [${events}] }
    format: { value: cloudevents }
    map:
      - path: "orders/{headers.ce_subject}"
        when: headers.ce_type == "placed"
        value: { omit: [/items], set: { /count: size(value.items) } }
      - path: "items/{headers.ce_subject}/{item.sku}"
        each: /items
        value: { set: { /total: item.price * item.quantity } }
entitlements: [{ allow: everyone, paths: ["**"] }]
`;

const row = (id: number, first_name: string) => ({ id, first_name, email: `${id}@example.org` });

function change(op: Operation, id: number, name: string) {
  const value = JSON.stringify(withSchema(postgres(op, row(id, name))));
  return { key: JSON.stringify(keyWithSchema(id)), value };
}

const tombstone = (id: number) => ({ key: JSON.stringify(keyWithSchema(id)), value: null });

const ATTRIBUTES = { specversion: '1.0', id: '1', source: '/shop', type: 'placed' };
const item = (sku: string, quantity: number) => ({ sku, price: 1.5, quantity });

function binary(subject: string, data: object) {
  const attributes = Object.entries({ ...ATTRIBUTES, subject });
  const headers = Object.fromEntries(attributes.map(([name, value]) => [`ce_${name}`, value]));
  return {
    key: subject,
    value: JSON.stringify(data),
    headers: { ...headers, 'content-type': 'application/json' },
  };
}

function structured(subject: string, data: object) {
  const value = JSON.stringify({ ...ATTRIBUTES, subject, datacontenttype: 'application/json', data });
  return { key: subject, value, headers: { 'content-type': 'application/cloudevents+json' } };
}

const untilHeld = (values: Readonly<Record<string, Value>>) =>
  until(Object.keys(values).join(', '), () =>
    isDeepStrictEqual(Object.fromEntries([...watcher.values].sort()), values),
  );

beforeAll(async () => {
  [rows, events] = await Promise.all([createTopic(COMPACT), createTopic(COMPACT)]);
  await produce(rows, [change('r', 1, 'Sally'), change('r', 2, 'George'), change('r', 3, 'Anne')]);
  await produce(events, [binary('7', { n: 1, items: [item('a', 2), item('b', 1)] })]);
  const loaded = loadConfig({ name: 'tailrace.yaml', text: yaml() }, connectors, { kind: 'offline' });
  const log = createLog({
    level: 'warn',
    style: 'json',
    write: (line) => {
      const { event, ...facts } = JSON.parse(line) as { event: string; source: string; code: string };
      if (event === 'record-rejected') rejected.push(facts);
    },
  });
  const signal = new AbortController().signal;
  pipeline = await startPipeline(resolved(loaded), { clock: systemClock, log, signal });
  await pipeline.ready;
  watcher = new Watcher(pipeline.publicUrl);
  await until('the snapshot', () => watcher.isLive);
});

afterAll(async () => {
  watcher.stop();
  await pipeline.stop();
});

test('rows are seen as they are after each change, go when they are deleted, and a tombstone says nothing new', async () => {
  const others = {
    'items/7/a': { ...item('a', 2), total: 3 },
    'items/7/b': { ...item('b', 1), total: 1.5 },
    'orders/7': { n: 1, count: 2 },
  };
  const customer = (id: number, first_name: string) => ({ [`customers/${id}`]: { id, first_name } });
  await untilHeld({ ...customer(1, 'Sally'), ...customer(2, 'George'), ...customer(3, 'Anne'), ...others });
  await produce(rows, [change('u', 1, 'Sue'), change('d', 2, 'George'), tombstone(2), change('c', 4, 'Ed')]);
  await untilHeld({ ...customer(1, 'Sue'), ...customer(3, 'Anne'), ...customer(4, 'Ed'), ...others });
  await produce(rows, [change('d', 3, 'Anne'), change('c', 3, 'Anna'), change('d', 4, 'Ed'), tombstone(1)]);
  await untilHeld({ ...customer(3, 'Anna'), ...others });
  expect(watcher.stale.size).toBe(0);
  expect(rejected).toEqual([]);
});

test('an event is the same in either mode; elements that it no longer has are gone; what is no event is rejected', async () => {
  await produce(events, [
    structured('7', { n: 2, items: [item('b', 4)] }),
    structured('8', { n: 1, items: [] }),
  ]);
  await untilHeld({
    'customers/3': { id: 3, first_name: 'Anna' },
    'items/7/b': { ...item('b', 4), total: 6 },
    'orders/7': { n: 2, count: 1 },
    'orders/8': { n: 1, count: 0 },
  });
  await produce(events, [
    { key: '8', value: JSON.stringify({ n: 2, items: [] }), headers: { 'content-type': 'application/json' } },
    binary('7', { n: 3, items: [] }),
  ]);
  await untilHeld({
    'customers/3': { id: 3, first_name: 'Anna' },
    'orders/7': { n: 3, count: 0 },
    'orders/8': { n: 1, count: 0 },
  });
  await until('orders/8 to be stale', () => isDeepStrictEqual([...watcher.stale], ['orders/8']));
  expect(rejected).toMatchObject([{ source: 'orders', code: 'invalid' }]);
});
