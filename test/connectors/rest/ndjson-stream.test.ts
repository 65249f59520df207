// Lines of JSON as messages, however they come in.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BadFeed } from '../../../connectors/rest/format/bad-feed.js';
import { NdjsonStream } from '../../../connectors/rest/stream/ndjson-stream.js';
import { isLong } from '../../support/long.js';
import { inPieces, messagesOf, pieces } from './stream-pieces.js';

const LARGE = 1 << 20;

describe('a stream of lines', () => {
  test('is the same messages in whatever pieces it comes', () => {
    const line = fc.oneof(fc.json(), fc.constantFrom('', ' ', '\t', '{', 'no json', '{"name":"Ærø 🏝"}'));
    const stream = fc.record({
      lines: fc.array(line, { maxLength: 10 }),
      lineEnd: fc.constantFrom('\n', '\r\n'),
      cuts: pieces,
    });
    fc.assert(
      fc.property(stream, ({ lines, lineEnd, cuts }) => {
        const text = lines.map((each) => each + lineEnd).join('');
        const found = messagesOf(new NdjsonStream(LARGE), inPieces(Buffer.from(text), cuts));
        const said = lines.filter((each) => each.trim() !== '');
        expect(found.map(({ document }) => document?.replace(/\r$/, ''))).toEqual(said);
      }),
      { numRuns: isLong ? 20_000 : 1_000 },
    );
  });

  test('may leave out the end of its last line', () => {
    const stream = new NdjsonStream(LARGE);
    expect(messagesOf(stream, [Buffer.from('{"id":1}\n{"id":'), Buffer.from('2}')])).toHaveLength(1);
    expect([...stream.end()].map(({ document }) => document?.toString())).toEqual(['{"id":2}']);
    expect([...stream.end()]).toEqual([]);
  });

  test('is cut at a line that is too large, after what came before it', () => {
    for (const size of [1, 7, 64, 5_000]) {
      const stream = new NdjsonStream(1_000);
      const told: unknown[] = [];
      let fed = 0;
      const feed = (): void => {
        for (const chunk of inPieces(Buffer.from(`{}\n${'x'.repeat(3_000)}`), [size])) {
          fed += chunk.length;
          for (const { document } of stream.read(chunk)) told.push(document?.toString());
        }
      };
      expect(feed).toThrow(BadFeed);
      expect(told).toEqual(['{}']);
      expect(fed).toBeLessThanOrEqual(3 + 1_000 + size);
    }
  });

  test('takes a line of just the limit, and none of a byte more, in one piece and in many', () => {
    const of = (bytes: number): Buffer => Buffer.from(`"${'x'.repeat(bytes - 2)}"\n`);
    for (const size of [1, 10, 200]) {
      expect(messagesOf(new NdjsonStream(100), inPieces(of(100), [size]))).toHaveLength(1);
      expect(() => messagesOf(new NdjsonStream(100), inPieces(of(101), [size]))).toThrow(
        /larger than 100 bytes/,
      );
    }
  });

  test('takes little more memory than a line has bytes, though it comes byte by byte', () => {
    const bytes = 1 << 20;
    const stream = new NdjsonStream(2 * bytes);
    const piece = Buffer.from('x');
    const before = process.memoryUsage();
    for (let n = 0; n < bytes; n++) for (const message of stream.read(piece)) void message;
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8 * bytes);
    expect([...stream.end()][0]?.document).toHaveLength(bytes);
  });
});
