// Server-sent events as messages, however they come in.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BadFeed } from '../../../connectors/rest/format/bad-feed.js';
import { SseStream } from '../../../connectors/rest/stream/sse-stream.js';
import { isLong } from '../../support/long.js';
import { inPieces, messagesOf, pieces } from './stream-pieces.js';

const LARGE = 1 << 20;

/** A space after the colon or none, and what servers put between events. */
const event = fc.record({
  id: fc.option(fc.stringMatching(/^[a-z0-9é]{0,6}$/), { nil: undefined }),
  name: fc.option(fc.constantFrom('update', 'delete', 'remove', 'ping', 'Delete'), { nil: undefined }),
  lines: fc.array(
    fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replace(/[\r\n\0]/g, '')),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
  space: fc.constantFrom('', ' '),
  noise: fc.constantFrom('', ':\n\n', ': still here\n', '\n', 'retry: 500\n\n', 'unknown: x\n'),
});
type WrittenEvent = typeof event extends fc.Arbitrary<infer T> ? T : never;

function written({ id, name, lines, space, noise }: WrittenEvent): string {
  const fields = [
    ...(id === undefined ? [] : [`id:${space}${id}`]),
    ...(name === undefined ? [] : [`event:${space}${name}`]),
    ...lines.map((line) => `data: ${line}`),
  ];
  return `${noise}${fields.join('\n')}\n\n`;
}

function expected({ id, name, lines }: WrittenEvent) {
  const data = lines.join('\n');
  const isNothing = data === '' || name === 'ping';
  if (isNothing && id === undefined) return [];
  return [
    {
      document: isNothing ? undefined : data,
      isDelete: name === 'delete' || name === 'remove',
      id: id === undefined ? undefined : Buffer.from(id).toString('latin1'),
    },
  ];
}

describe('server-sent events', () => {
  test('are the same messages in whatever pieces they come, with whatever ends of lines, with a byte order mark or without', () => {
    const stream = fc.record({
      events: fc.array(event, { maxLength: 8 }),
      lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
      mark: fc.constantFrom('', '\uFEFF'),
      cuts: pieces,
    });
    fc.assert(
      fc.property(stream, ({ events, lineEnd, mark, cuts }) => {
        const text = mark + events.map(written).join('').replaceAll('\n', lineEnd);
        const found = messagesOf(new SseStream(LARGE), inPieces(Buffer.from(text), cuts));
        expect(found).toEqual(events.flatMap(expected));
      }),
      { numRuns: isLong ? 20_000 : 1_000 },
    );
  });

  test('mix ends of lines as they like', () => {
    const text = 'data: 1\r\n\rdata: 2\n\r\ndata: 3\r\r\n\ndata: 4\n\n';
    for (const size of [1, 2, 3, 100]) {
      const found = messagesOf(new SseStream(LARGE), inPieces(Buffer.from(text), [size]));
      expect(found.map(({ document }) => document)).toEqual(['1', '2', '3', '4']);
    }
  });

  test('are told as soon as their empty line is there, though it may be half of a CRLF', () => {
    const stream = new SseStream(LARGE);
    expect(messagesOf(stream, [Buffer.from('data: 1\r\n\r')])).toHaveLength(1);
    expect(messagesOf(stream, [Buffer.from('\ndata: 2\r\n\r')])).toHaveLength(1);
  });

  test('whose empty line has not come when the connection ends are not believed', () => {
    const stream = new SseStream(LARGE);
    expect(messagesOf(stream, [Buffer.from('data: {"id":1,"price":12')])).toEqual([]);
    expect([...stream.end()]).toEqual([]);
  });

  test('keep the bytes of what they say, valid or not', () => {
    const data = Buffer.from([0xff, 0x22, 0xc3, 0xa9, 0x00, 0xf0, 0x9f]);
    const [found] = new SseStream(LARGE).read(
      Buffer.concat([Buffer.from('data: '), data, Buffer.from('\n\n')]),
    );
    expect(found?.document).toEqual(data);
  });

  test('say how long to wait before the next connection', () => {
    const stream = new SseStream(LARGE);
    messagesOf(stream, [Buffer.from('retry: 2500\n\nretry: soon\n\nretry: 300')]);
    expect(stream.retryMs).toBe(2500);
  });

  test.each(['ping', 'heartbeat', 'keepalive', 'keep-alive'])(
    'named %s say nothing but that the server is there',
    (name) => {
      const text = `event: ${name}\ndata: {"at":1}\n\nid: 7\nevent: ${name}\ndata: 1\n\n`;
      expect(messagesOf(new SseStream(LARGE), [Buffer.from(text)])).toEqual([
        { document: undefined, isDelete: false, id: '7' },
      ]);
    },
  );
});

describe('an event that is too large', () => {
  const small = 'id: 1\ndata: {}\n\n';

  test.each([
    ['in one line', 'data: ', 'x'],
    ['in lines without end', '', 'data: xxxxxxxx\n'],
    ['in comments without end', '', ': xxx\n'],
    ['as its id', 'id: ', '1'],
  ])('%s is cut at the limit, and what came before it is told', (_, head, part) => {
    for (const size of [1, 7, 64, 5_000]) {
      const text = small + head + part.repeat(3_000 / part.length);
      const stream = new SseStream(1_000);
      const told: unknown[] = [];
      let fed = 0;
      const feed = (): void => {
        for (const chunk of inPieces(Buffer.from(text), [size])) {
          fed += chunk.length;
          for (const message of stream.read(chunk)) told.push(message.id);
        }
      };
      expect(feed).toThrow(BadFeed);
      expect(told).toEqual(['1']);
      expect(fed).toBeLessThanOrEqual(small.length + 1_000 + size);
    }
  });

  test('by one byte is too large in one piece and in many, and at the limit it is not', () => {
    const of = (bytes: number): Buffer => Buffer.from(`data: ${'x'.repeat(bytes - 8)}\n\n`);
    for (const size of [1, 10, 200]) {
      expect(messagesOf(new SseStream(100), inPieces(of(100), [size]))).toHaveLength(1);
      expect(() => messagesOf(new SseStream(100), inPieces(of(101), [size]))).toThrow(
        /larger than 100 bytes/,
      );
    }
  });
});
