import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decoding, framed, SCHEMAS } from './envelopes.js';
import { isLong } from '../support/long.js';

const ATTRIBUTES = {
  specversion: '1.0',
  id: '01HZQF3K7T',
  source: '/services/orders',
  type: 'com.example.order.placed.v1',
};
const EVENT = { ...ATTRIBUTES, subject: 'order-7', time: '2026-05-22T14:08:17Z', priority: 3, urgent: true };
const DATA = { orderId: 7, customer: { id: 'c1' } };
const FIELDS = [['orderId'], ['customer', 'id'], []];
const text = JSON.stringify(DATA);
const DOCUMENT = { text, fields: ['7', '"c1"', text] };
const CE = Object.fromEntries(Object.entries(EVENT).map(([name, value]) => [`ce_${name}`, String(value)]));
const STRUCTURED = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };

const decode = decoding('cloudevents', { fields: FIELDS });

describe('binary mode', () => {
  test('JSON is the document, by its content type or without one', () => {
    for (const type of [
      'application/json',
      'Application/JSON; charset=utf-8',
      'application/vnd.order+json',
      'text/json',
    ])
      expect(decode(DATA, { ...CE, 'content-type': type })).toMatchObject(DOCUMENT);
    expect(decode(DATA, { ...CE, 'Content-Type': 'application/json' })).toMatchObject(DOCUMENT);
    expect(decode(DATA, CE)).toMatchObject(DOCUMENT);
    expect(decode('{"orderId":', CE)).toEqual({ fault: 'syntax' });
    expect(decode('', CE)).toEqual({ fault: 'syntax' });
  });

  test('text is a string, and anything else is base64', () => {
    expect(decode('é <x/>', { ...CE, 'content-type': 'text/xml' })).toMatchObject({ text: '"é <x/>"' });
    expect(decode('', { ...CE, 'content-type': 'text/plain' })).toMatchObject({ text: '""' });
    expect(decode(Buffer.from([0xff]), { ...CE, 'content-type': 'text/plain' })).toEqual({ fault: 'utf8' });
    const image = { ...CE, 'content-type': 'image/png' };
    expect(decode(Buffer.from([0xff, 0]), image)).toMatchObject({
      text: '"/wA="',
      fields: [undefined, undefined, '/wA='],
    });
  });

  test('attributes are the record’s headers, and so is the content type', () => {
    const headers = { ...CE, 'content-type': 'application/json', tenant: 't' };
    expect(decode(DATA, headers)).toMatchObject({
      headers: { ...headers, ce_datacontenttype: 'application/json' },
    });
    expect(decode(DATA, CE)).toHaveProperty('headers', undefined);
  });

  test('an event without a required attribute is refused', () => {
    for (const name of ['id', 'source', 'type', 'specversion']) {
      const rest = Object.fromEntries(Object.entries(CE).filter(([each]) => each !== `ce_${name}`));
      expect(decode(DATA, { ...rest, 'content-type': 'application/json' })).toEqual({ fault: 'invalid' });
      expect(decode(DATA, { ...CE, [`ce_${name}`]: '' })).toEqual({ fault: 'invalid' });
    }
    expect(decode(DATA, { ...CE, ce_specversion: '0.3' })).toEqual({ fault: 'invalid' });
    expect(decode(DATA, { ...CE, ce_specversion: '10' })).toEqual({ fault: 'invalid' });
    expect(decode(DATA, { 'content-type': 'application/json' })).toEqual({ fault: 'invalid' });
  });
});

describe('structured mode', () => {
  test('the data is the document, by its content type or because it says so itself', () => {
    const event = { ...EVENT, data: DATA };
    expect(decode(event, STRUCTURED)).toMatchObject(DOCUMENT);
    expect(decode(event)).toMatchObject(DOCUMENT);
    expect(decode(event, { tenant: 't' })).toMatchObject(DOCUMENT);
    expect(decode({ ...event, datacontenttype: 'text/xml', data: '<x/>' })).toMatchObject({ text: '"<x/>"' });
    expect(decode({ ...event, data: null })).toMatchObject({
      text: 'null',
      fields: [undefined, undefined, 'null'],
    });
  });

  test('attributes are headers as in binary mode, in place of headers of such names', () => {
    const headers = { ...STRUCTURED, tenant: 't', ce_subject: 'another', ce_stray: 'x' };
    const expected = { ...CE, ...STRUCTURED, tenant: 't' };
    const event = { ...EVENT, none: null, data: { ...DATA, id: 'inner' } };
    expect(decode(event, headers)).toMatchObject({ headers: expected });
    expect(decode(event, headers)).not.toHaveProperty('headers.ce_stray');
    expect(decode(event, headers)).not.toHaveProperty('headers.ce_none');
    expect(decode(event, headers)).not.toHaveProperty('headers.ce_data');
    const large = `{"id":"1","data":{},"source":"s","seq":9007199254740993,"data_base64":null,"type":"t","specversion":"1.0"}`;
    expect(decode(large)).toMatchObject({
      text: '{}',
      headers: { ce_seq: '9007199254740993', ce_type: 't' },
    });
  });

  test('bytes stay base64, but for JSON', () => {
    const data_base64 = Buffer.from(text).toString('base64');
    expect(decode({ ...EVENT, data_base64 })).toMatchObject({ text: JSON.stringify(data_base64) });
    expect(decode({ ...EVENT, datacontenttype: 'image/png', data_base64 })).toMatchObject({
      fields: [undefined, undefined, JSON.stringify(data_base64)],
    });
    expect(decode({ ...EVENT, datacontenttype: 'application/json', data_base64 })).toMatchObject(DOCUMENT);
    expect(decode({ ...EVENT, datacontenttype: 'application/json', data_base64: 'e30!' })).toMatchObject({
      text: '{}',
    });
    expect(decode({ ...EVENT, datacontenttype: 'application/json', data_base64: '' })).toEqual({
      fault: 'syntax',
    });
    expect(decode({ ...EVENT, data_base64: 7 })).toEqual({ fault: 'invalid' });
    expect(decode({ ...EVENT, data: {}, data_base64 })).toEqual({ fault: 'invalid' });
  });

  test('an event without data is null', () => {
    const nothing = { text: 'null', fields: [undefined, undefined, 'null'] };
    expect(decode(EVENT, STRUCTURED)).toMatchObject(nothing);
    expect(decode({ ...EVENT, data_base64: null }, STRUCTURED)).toMatchObject(nothing);
    expect(decode({ ...EVENT, data: DATA }, STRUCTURED)).toMatchObject(DOCUMENT);
  });

  test('an event without a required attribute is refused, and so is what is no event', () => {
    for (const name of ['id', 'source', 'type', 'specversion']) {
      expect(decode({ ...EVENT, data: DATA, [name]: undefined }, STRUCTURED)).toEqual({ fault: 'invalid' });
      expect(decode({ ...EVENT, data: DATA, [name]: 7 }, STRUCTURED)).toEqual({ fault: 'invalid' });
    }
    expect(decode({ ...EVENT, specversion: '0.3' })).toEqual({ fault: 'invalid' });
    for (const value of [DATA, [EVENT], 'null', '"text"'])
      expect(decode(value)).toEqual({ fault: 'invalid' });
    expect(decode('not JSON')).toEqual({ fault: 'syntax' });
  });

  test('several events in one record, and formats other than JSON, are refused', () => {
    for (const type of [
      'application/cloudevents-batch+json',
      'application/cloudevents+xml',
      'application/cloudevents',
    ])
      expect(decode([EVENT], { 'content-type': type })).toEqual({ fault: 'invalid' });
  });

  test('G3 numbers of the data are exact, and it is stored without line breaks', () => {
    const event = JSON.stringify({ ...EVENT, data: 0 }, null, 2).replace(
      '"data": 0',
      '"data": {"n": 1.10,\n"b": 9007199254740993}',
    );
    expect(decode(event)).toMatchObject({ text: '{"n":1.10,"b":"9007199254740993"}' });
  });
});

test('both modes give the same document and the same attributes', () => {
  const json = decoding('json');
  const subject = fc.string({ minLength: 1 }).filter((each) => each.isWellFormed());
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 2 }), subject, (data, sub) => {
      const event = { ...ATTRIBUTES, subject: sub, datacontenttype: 'application/json' };
      const { datacontenttype, ...others } = event;
      const headers = Object.fromEntries(
        Object.entries(others).map(([name, value]) => [`ce_${name}`, value]),
      );
      const binary = decode(JSON.stringify(data), { ...headers, 'content-type': datacontenttype });
      const structured = decode({ ...event, data }, { 'content-type': 'application/cloudevents+json' });
      const alone = json(JSON.stringify(data));
      if (!('text' in alone)) {
        expect([binary, structured]).toEqual([alone, alone]);
        return;
      }
      const expected = { text: alone.text, headers: { ...headers, ce_datacontenttype: datacontenttype } };
      expect(binary).toMatchObject(expected);
      expect(structured).toMatchObject(expected);
    }),
    { numRuns: isLong ? 5_000 : 100 },
  );
});

describe('data whose schema is in a registry', () => {
  const read = decoding('cloudevents', { fields: FIELDS, schemas: SCHEMAS });

  test('is read by it, in either mode', () => {
    expect(read(framed(DATA), { ...CE, 'content-type': 'application/avro' })).toMatchObject(DOCUMENT);
    expect(read(framed({ ...EVENT, data: DATA }))).toMatchObject(DOCUMENT);
    expect(
      read(framed({ ...EVENT, data: DATA }), { 'content-type': 'application/cloudevents+avro' }),
    ).toMatchObject(DOCUMENT);
    expect(read(framed(DATA, 2), CE)).toEqual({ fault: 'unknown-schema' });
    expect(read(DATA, CE)).toMatchObject(DOCUMENT);
  });

  test('without a registry it is what its content type says', () => {
    const outcome = decode(framed(DATA), { ...CE, 'content-type': 'application/avro' });
    expect(outcome).toMatchObject({ text: JSON.stringify(framed(DATA).toString('base64')) });
  });
});
