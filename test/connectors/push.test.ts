// A push source from request to answer: what is taken, when it is answered, in which order, and what is refused. Bodies are
// push-body.test.ts, who may send test/server/admin-push.test.ts.

import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';

import { connectors } from '../../connectors/registry.js';
import { PUSH_OPTIONS, pushSettings } from '../../connectors/push/options.js';
import { push } from '../../connectors/push/push.js';
import { until } from '../server/until.js';
import { PushedSource, type Pushed } from './pushed-source.js';
import { loopbackOutbound } from '../support/outbound.js';

const NDJSON = { 'content-type': 'application/x-ndjson' };
const one = (key: string, value: unknown = 1) => ({ key, value });
const since: unknown = expect.any(Number);
const taken = (accepted: number) => [200, { accepted, rejectedCount: 0, rejected: [], since }];

describe('the options', () => {
  test('have defaults for all, a description each, and the same defaults without the configuration', () => {
    expect(connectors).toContain(push);
    const options = {};
    expect(new Ajv2020({ useDefaults: true }).compile(PUSH_OPTIONS)(options)).toBe(true);
    expect(pushSettings(options)).toEqual(pushSettings({}));
    expect(pushSettings({})).toMatchObject({ maxBodyBytes: 1_048_576, idempotencyMs: 600_000 });
    expect(Object.values(PUSH_OPTIONS.properties).filter(({ description }) => !description)).toEqual([]);
  });

  test('refuse a token that is short or could not be sent', () => {
    const check = new Ajv2020().compile(PUSH_OPTIONS);
    const isRight = (token: string) => check({ token });
    expect(['x'.repeat(16), 'x'.repeat(15), `${'x'.repeat(16)} `, 'é'.repeat(16)].map(isRight)).toEqual([
      ...[true, false, false, false],
    ]);
  });
});

describe('what is sent', () => {
  test('is there when it is answered: one record, a list, and lines', async () => {
    const test = await PushedSource.start();
    expect(await test.send(one('a', { bid: 1 }))).toMatchObject({ status: 200, json: { accepted: 1 } });
    expect(test.log.values).toEqual(new Map([['p/a', { bid: 1 }]]));
    const list = await test.send([one('b'), one('c'), one('b', 2)]);
    expect([list.status, list.json]).toEqual(taken(3));
    const lines = await test.send('{"key":"d","value":[ 1 ]}\n{"key":"a","value":null}\n', NDJSON);
    expect([lines.status, lines.json]).toEqual(taken(2));
    expect(Object.fromEntries(test.log.values)).toEqual({ 'p/b': 2, 'p/c': 1, 'p/d': [1] });
    expect(await test.send([])).toMatchObject({ status: 200, json: { accepted: 0 } });
  });

  test('keeps the digits of its numbers, so that the core can say what becomes of those that JavaScript has not', async () => {
    const test = await PushedSource.start();
    await test.send('{"key":"a","value":{"id":12345678901234567890,"price":1.10}}');
    expect(test.log.lines).toEqual(['p/a={"id":"12345678901234567890","price":1.10}']);
  });

  test('stays in order, within a request and between those that arrived one after the other', async () => {
    const test = await PushedSource.start();
    const goOn = test.stall();
    const sent = [test.begin(one('x', -1))];
    await until('the first to be stuck', () => test.log.lines.length === 1);
    for (let i = 0; i < 20; i++) {
      sent.push(test.begin(Array.from({ length: 150 }, (_, j) => one('x', 150 * i + j))));
      await until('its arrival', () => test.arrived === i + 2);
    }
    goOn();
    const answers = await Promise.all(sent.map(({ answer }) => answer));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(test.log.lines).toEqual(Array.from({ length: 3_001 }, (_, i) => `p/x=${i - 1}`));
  });

  test('is answered only when the log has it for good; a sender that does not wait changes nothing', async () => {
    const test = await PushedSource.start();
    const goOn = test.stall();
    const first = test.begin(one('a'));
    const second = test.begin(one('b'));
    let answered = 0;
    for (const { answer } of [first, second])
      answer.then(
        () => answered++,
        () => undefined,
      );
    await until('both to arrive', () => test.arrived === 2 && test.log.lines.length === 1);
    first.leave();
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(0);
    goOn();
    expect((await second.answer).status).toBe(200);
    expect([...test.log.values.keys()].sort()).toEqual(['p/a', 'p/b']);
  });

  test('is told which records went to the dead letters; the others count', async () => {
    const test = await PushedSource.start();
    const list = [
      one('a'),
      { value: 1 },
      one('b/{'),
      { key: '', value: 1 },
      one('c', { __proto__: null, x: 1 }),
    ];
    const { status, json } = await test.send(list);
    expect(status).toBe(200);
    expect(json).toEqual({
      accepted: 5 - test.letters.length,
      rejectedCount: test.letters.length,
      rejected: [
        { index: 1, stage: 'map', code: expect.any(String) },
        { index: 3, stage: 'map', code: expect.any(String) },
      ],
      since,
    });
    const bad = Array.from({ length: 150 }, () => ({ value: 1 }));
    const many = (await test.send([one('d'), ...bad.slice(0, 90), one('e'), ...bad.slice(0, 60)])).json as {
      readonly rejected: readonly { readonly index: number }[];
    };
    expect(many).toMatchObject({ accepted: 2, rejectedCount: 150 });
    expect(many.rejected.map(({ index }) => index)).toEqual([
      ...Array.from({ length: 90 }, (_, i) => 1 + i),
      ...Array.from({ length: 10 }, (_, i) => 92 + i),
    ]);
  });

  test('has offsets that no two records share, also of another process', async () => {
    const test = await PushedSource.start();
    await test.send([{ value: 1 }, { value: 2 }]);
    await test.send({ value: 3 });
    const offsets = test.letters.map(({ offset }) => Number(offset));
    expect(offsets.map((offset) => offset - offsets[0]!)).toEqual([0, 1, 2]);
    expect(Number.isSafeInteger(offsets[2]! + 1e12)).toBe(true);
    expect(offsets[0]!).toBeLessThanOrEqual(Date.now() * 1_000);
    expect(offsets[0]!).toBeGreaterThan((Date.now() - 60_000) * 1_000);
  });

  test('says since when there is something: the same for as long as it stays, and without a record too', async () => {
    const test = await PushedSource.start();
    const sinceOf = async (body: unknown) => ((await test.send(body)).json as { since: number }).since;
    const first = await sinceOf([]);
    expect(Math.abs(first - Date.now())).toBeLessThan(60_000);
    expect([await sinceOf(one('a')), await sinceOf([])]).toEqual([first, first]);
  });
});

describe('what is refused', () => {
  test('is refused whole: a mistake in record 17 is named, and none of the others is taken', async () => {
    const test = await PushedSource.start();
    const list: unknown[] = Array.from({ length: 30 }, (_, i) => one(`k${i}`));
    list[17] = { key: 'k17' };
    const { status, json } = await test.send(list);
    expect([status, json]).toMatchObject([400, { error: { code: 'malformed', index: 17 } }]);
    expect(test.log.lines).toEqual([]);
  });

  test('is another type, or none; too many records; and what is no JSON', async () => {
    const test = await PushedSource.start({ recordsPerRequest: 2 });
    for (const type of ['text/plain', '', 'application/json-seq', 'application/xml']) {
      expect(await test.send(one('a'), { 'content-type': type })).toMatchObject({
        ...{ status: 415, json: { error: { code: 'unsupported' } } },
      });
    }
    expect((await test.send([one('a'), one('b')])).status).toBe(200);
    const tooMany = await test.send([one('a'), one('b'), one('c')]);
    expect(tooMany).toMatchObject({ status: 413, json: { error: { code: 'too_many_records' } } });
    expect(await test.send('{')).toMatchObject({ status: 400, json: { error: { code: 'malformed' } } });
    expect(test.log.lines).toHaveLength(2);
  });

  test('is a body over the limit of the source: at the limit it is taken', async () => {
    const test = await PushedSource.start({ maxBodyBytes: 1_024 });
    const body = JSON.stringify(one('a')).padEnd(1_024);
    expect((await test.send(body)).status).toBe(200);
    expect(await test.send(`${body} `)).toMatchObject({
      status: 413,
      json: { error: { code: 'too_large' } },
    });
  });
});

describe('a core that does not go on', () => {
  test('costs so much memory and no more: who finds no room is told when to come again, and nothing is lost', async () => {
    const maxWaitingBytes = 1_048_576;
    const test = await PushedSource.start({ maxWaitingBytes });
    const goOn = test.stall();
    const stuck = test.begin(one('first'));
    await until('the append', () => test.log.lines.length === 1);
    const size = 16_384 + 512 + Buffer.byteLength(JSON.stringify(one('k10', 'x'.repeat(4_000))));
    const fitting = Math.floor((maxWaitingBytes - size) / size);
    const busy: Pushed[] = [];
    const sent = Array.from({ length: 100 }, (_, i) => test.begin(one(`k${10 + i}`, 'x'.repeat(4_000))));
    let answered = 0;
    for (const { answer } of sent) {
      void answer.then((each) => {
        answered++;
        if (each.status === 503) busy.push(each);
      });
    }
    await until('the refusals', () => answered >= 100 - fitting);
    expect(busy).toHaveLength(100 - fitting);
    for (const { json, headers } of busy) {
      expect([json, headers['retry-after']]).toMatchObject([{ error: { code: 'busy' } }, '1']);
    }
    goOn();
    const answers = await Promise.all([stuck, ...sent].map(({ answer }) => answer));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(fitting + 1);
    expect(test.log.values.size).toBe(fitting + 1);
    expect((await test.send(one('again'))).status).toBe(200);
  });

  test('counts records beside bytes: many small ones find no room where few large ones do', async () => {
    const test = await PushedSource.start({ maxWaitingBytes: 1_048_576 });
    const goOn = test.stall();
    const stuck = test.begin(one('first'));
    await until('the append', () => test.log.lines.length === 1);
    const many = await test.send(Array.from({ length: 3_000 }, (_, i) => one(`k${i}`)));
    expect(many).toMatchObject({ status: 503, json: { error: { code: 'busy' } } });
    const few = test.begin(one('large', 'x'.repeat(500_000)));
    await until('its arrival', () => test.arrived === 3);
    goOn();
    expect([(await stuck.answer).status, (await few.answer).status]).toEqual([200, 200]);
  });

  test('a request that waits alone has room, however large it is', async () => {
    const test = await PushedSource.start({ maxWaitingBytes: 1_048_576 });
    const many = Array.from({ length: 10_000 }, (_, i) => one(`k${i}`));
    const { status, json } = await test.send(many);
    expect([status, json]).toEqual(taken(10_000));
  });
});

describe('a source that stops', () => {
  test('answers who waits that nobody knows, and who comes that it is not running; all may send again', async () => {
    const test = await PushedSource.start();
    const goOn = test.stall();
    const stuck = test.begin(one('a'));
    await until('the append', () => test.log.lines.length === 1);
    const waiting = Array.from({ length: 3 }, (_, i) => test.begin(one(`k${i}`)));
    await until('all to arrive', () => test.arrived === 4);
    const stopped = test.stop();
    goOn();
    await stopped;
    expect((await stuck.answer).status).toBe(200); // it was durable before the end
    for (const { answer } of waiting) {
      expect(await answer).toMatchObject({ status: 503, json: { error: { code: 'stopped' } } });
    }
    const late = await test.send(one('late'));
    expect([late.status, late.headers['retry-after']]).toEqual([503, '5']);
    await test.source.close();
    await test.source.close();
    expect([...test.log.values.keys()]).toEqual(['p/a']);
  });

  test('one that is read again goes on with what was not handed out; of the rest nobody knows', async () => {
    const log = { info: () => undefined, warn: () => undefined };
    const source = push.create({}, { name: 'quotes', log, outbound: loopbackOutbound });
    const request = (key: string) => ({
      body: Buffer.from(JSON.stringify(Array.from({ length: 600 }, () => one(key)))),
      ...{ contentType: 'application/json', idempotencyKey: undefined, signal: new AbortController().signal },
    });
    const answers = ['a', 'b', 'c'].map((key) => source.receiver!.receive(request(key)));
    const reading = source.read(new Map(), new AbortController().signal)[Symbol.asyncIterator]();
    expect((await reading.next()).value).toEqual({ type: 'live' });
    expect((await reading.next()).value).toMatchObject({ type: 'records', behind: 800 });
    await reading.return?.();
    expect(await Promise.all(answers.slice(0, 2))).toMatchObject([{ status: 503 }, { status: 503 }]);
    const again = source.read(new Map([['push', 'of a former process']]), new AbortController().signal);
    for await (const event of again) {
      if (event.type !== 'records') continue;
      expect(event.records.map(({ key }) => key?.toString())).toEqual(Array<string>(600).fill('c'));
      await source.ack(event.partition, event.position);
      break;
    }
    expect(await answers[2]).toMatchObject({ status: 200, body: { accepted: 600 } });
  });
});

describe('Idempotency-Key', () => {
  const key = (value: string) => ({ 'idempotency-key': value });

  test('the same request has the same answer, pending or answered, and is taken once', async () => {
    const test = await PushedSource.start();
    const goOn = test.stall();
    const body = [one('a'), { value: 2 }];
    const first = test.begin(body, key('1'));
    await until('the append', () => test.log.lines.length === 1);
    const second = test.begin(body, key('1'));
    const gone = test.begin(body, key('1'));
    await until('all to arrive', () => test.arrived === 3);
    gone.leave();
    goOn();
    const answers = [await first.answer, await second.answer, await test.send(body, key('1'))];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(answers.map(({ json }) => JSON.stringify(json))).size).toBe(1);
    expect(answers[0]?.json).toMatchObject({ accepted: 1, rejectedCount: 1, rejected: [{ index: 1 }] });
    expect(answers.map(({ headers }) => headers['idempotency-replayed'])).toEqual([
      undefined,
      'true',
      'true',
    ]);
    expect([test.log.lines.length, test.letters.length]).toEqual([1, 1]);
  });

  test('who sends again and again while nothing goes on takes room for each, until there is none', async () => {
    const test = await PushedSource.start({ maxWaitingBytes: 1_048_576 });
    const goOn = test.stall();
    const body = one('a', 'x'.repeat(100_000));
    const sent = Array.from({ length: 30 }, () => test.begin(body, key('1')));
    await until('all to arrive', () => test.arrived === 30);
    goOn();
    const answers = await Promise.all(sent.map(({ answer }) => answer));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(9);
    expect(statuses.filter((status) => status === 503)).toHaveLength(21);
    const replays = answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true');
    expect(replays.map(({ status }) => status)).toEqual(Array<number>(8).fill(200));
    expect(test.log.lines).toHaveLength(1);
  });

  test('another request under it is refused; so are a key that is empty or too long', async () => {
    const test = await PushedSource.start();
    await test.send(one('a'), key('1'));
    const other = await test.send(one('a', 2), key('1'));
    expect(other).toMatchObject({ status: 422, json: { error: { code: 'idempotency_conflict' } } });
    const otherType = await test.send(one('a'), { ...key('1'), ...NDJSON });
    expect(otherType.status).toBe(422);
    expect((await test.send(one('a'), key('k'.repeat(255)))).status).toBe(200);
    for (const bad of ['', 'k'.repeat(256)]) {
      expect(await test.send(one('a'), key(bad))).toMatchObject({
        ...{ status: 400, json: { error: { code: 'idempotency_key' } } },
      });
    }
    expect(test.log.lines).toHaveLength(1);
  });

  test('what was not taken may be sent again under it, mended', async () => {
    const test = await PushedSource.start();
    expect((await test.send({ key: 'a' }, key('1'))).status).toBe(400);
    expect((await test.send(one('a'), key('1'))).status).toBe(200);
  });

  test('of more than are remembered the oldest is forgotten; with none remembered each is taken', async () => {
    const test = await PushedSource.start({ idempotencyKeys: 2 });
    const isReplayed = async (name: string) =>
      (await test.send(one(name), key(name))).headers['idempotency-replayed'] === 'true';
    for (const name of ['a', 'b', 'c']) expect(await isReplayed(name)).toBe(false);
    expect([await isReplayed('b'), await isReplayed('c'), await isReplayed('a')]).toEqual([
      true,
      true,
      false,
    ]);
    test.source.adopt?.({ idempotencyKeys: 0 });
    expect([await isReplayed('a'), await isReplayed('a')]).toEqual([false, false]);
  });
});

describe('other options while it runs', () => {
  test('are adopted, whatever they are: token and limits hold from the next request on', async () => {
    const test = await PushedSource.start();
    expect((await test.send(one('a'))).status).toBe(200);
    const token = 'another-token-of-16';
    expect(test.source.adopt?.({ token, recordsPerRequest: 1 })).toBe(true);
    expect((await test.send(one('b'))).status).toBe(401);
    const authorization = `Bearer ${token}`;
    expect((await test.send(one('b'), { authorization })).status).toBe(200);
    expect((await test.send([one('b'), one('c')], { authorization })).status).toBe(413);
    expect(test.log.values.size).toBe(2);
  });
});
