// D6 Log lines that cannot be written: dropped and counted, in order otherwise, and never an error for who logs.

import { describe, expect, test } from '@jest/globals';
import { LineWriter } from '../../src/telemetry/line-writer.js';

/** An output that takes so many bytes, and then says `code` until it is given more room. */
class Output {
  text = '';
  room = Infinity;
  code = 'ENOSPC';

  readonly write = (bytes: Uint8Array): number => {
    if (this.room === 0) throw Object.assign(new Error(this.code), { code: this.code });
    const taken = Math.min(this.room, bytes.length);
    this.room -= taken;
    this.text += Buffer.from(bytes.subarray(0, taken)).toString();
    return taken;
  };
}

function writer(o: Partial<Pick<Output, 'room' | 'code'>> = {}): { output: Output; lines: LineWriter } {
  const output = Object.assign(new Output(), o);
  return { output, lines: new LineWriter(output.write) };
}

describe.each(['ENOSPC', 'EPIPE', 'EIO', 'EBADF'])('D6 %s', (code) => {
  test('drops the line, counts it, and goes on when there is room again', () => {
    const { output, lines } = writer({ room: 0, code });
    lines.put('a\n');
    lines.put('b\n');
    expect(lines.dropped).toBe(2);
    output.room = Infinity;
    lines.put('c\n');
    expect([output.text, lines.dropped]).toEqual(['c\n', 2]);
  });

  test('in the middle of a line leaves the next one whole', () => {
    const { output, lines } = writer({ room: 3, code });
    lines.put('abcdef\n');
    output.room = Infinity;
    lines.put('next\n');
    expect([output.text, lines.dropped]).toEqual(['abc\nnext\n', 1]);
  });
});

describe('D6 a pipe whose reader is slow', () => {
  test('gets every line in order once it reads', () => {
    const { output, lines } = writer({ room: 3, code: 'EAGAIN' });
    lines.put('abcdef\n');
    lines.put('second\n');
    expect(output.text).toBe('abc');
    output.room = 8;
    lines.finish(0);
    output.room = Infinity;
    lines.finish(0);
    expect([output.text, lines.dropped]).toEqual(['abcdef\nsecond\n', 0]);
  });

  test('costs lines, not memory: what waits is bounded', () => {
    const { output, lines } = writer({ room: 0, code: 'EAGAIN' });
    for (let i = 0; i < 1_000; i++) lines.put(`${'x'.repeat(1023)}\n`);
    expect(lines.dropped).toBe(1_000 - 256);
    output.room = Infinity;
    lines.finish(0);
    expect(output.text.length).toBe(256 * 1024);
  });

  test('holds up the end of the process for a moment only', () => {
    const { lines } = writer({ room: 0, code: 'EAGAIN' });
    lines.put('a\n');
    const began = performance.now();
    lines.finish(30);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
