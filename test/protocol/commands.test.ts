import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_COMMAND_DEPTH, MAX_FIELDS } from '../../src/protocol/command-fields.js';
import { parseMessage, type ParsedLine } from '../../src/protocol/commands.js';
import { ERROR_CODES } from '../../src/protocol/error-codes.js';

function parse(text: string): ParsedLine[] {
  return [...parseMessage(text)];
}

function only(command: unknown): ParsedLine {
  const lines = parse(JSON.stringify(command));
  expect(lines).toHaveLength(1);
  return lines[0]!;
}

/** Text that is read as one command, so that the order and form of its JSON are the test's. */
function onlyText(text: string): ParsedLine {
  return parse(text)[0]!;
}

describe('P2 a message is lines', () => {
  test('each line is a command, in order, and empty lines are nothing', () => {
    const lines = parse('{"op":"ack","frames":1}\n\n{"op":"resync","a":2}\n');
    expect(lines.map((line) => line.kind === 'command' && line.command.op)).toEqual(['ack', 'resync']);
  });

  test('nothing behind a line of garbage is read', () => {
    expect(
      parse('{"op":"ack","frames":1}\ngarbage\n{"op":"ack","frames":2}').map((line) => line.kind),
    ).toEqual(['command', 'garbage']);
  });

  test.each(['garbage', '[1,2]', '"text"', '1', 'null', '{"op":', '{}{}', '\u0000', '{"op":"ack",}'])(
    '%j is garbage',
    (text) => {
      expect(onlyText(text).kind).toBe('garbage');
    },
  );
});

describe('P10 the forms of commands', () => {
  test('defaults are filled in', () => {
    expect(only({ op: 'auth', id: 1 })).toEqual({
      kind: 'command',
      command: { op: 'auth', id: 1, token: undefined, acks: false, resume: false, subscribe: [] },
    });
    expect(only({ op: 'subscribe', id: 2, filters: ['a/*'] })).toEqual({
      kind: 'command',
      command: { op: 'subscribe', id: 2, filters: ['a/*'], fields: undefined, snapshot: true, times: false },
    });
  });

  test('P12 subscriptions ride on auth', () => {
    const line = only({ op: 'auth', id: 1, token: 't', acks: true, subscribe: [{ id: 2, filters: ['a'] }] });
    expect(line).toMatchObject({
      command: { token: 't', acks: true, subscribe: [{ op: 'subscribe', id: 2, filters: ['a'] }] },
    });
  });

  test('P16 resume is accepted', () => {
    const resume = { cut: [['e', 0, 4]], seen: 4, digest: 'd', have: { 1: ['a'] } };
    expect(only({ op: 'auth', id: 1, resume })).toMatchObject({ kind: 'command', command: { resume: true } });
  });

  test('P3 unknown fields are ignored, whatever they hold', () => {
    expect(only({ op: 'ack', frames: 3, extra: { a: [1] }, frame: 4 })).toEqual({
      kind: 'command',
      command: { op: 'ack', frames: 3 },
    });
  });

  const refused: readonly [why: string, command: object, code: string][] = [
    ['no op', {}, 'bad_command'],
    ['op is no string', { op: 7 }, 'bad_command'],
    ['unknown op', { op: 'fly', id: 1 }, 'unknown_command'],
    ['op is a member of every object', { op: 'toString', id: 1 }, 'unknown_command'],
    ['op is __proto__', { op: '__proto__', id: 1 }, 'unknown_command'],
    ['P17 tree', { op: 'tree', id: 1 }, 'unsupported'],
    ['P17 where', { op: 'subscribe', id: 1, filters: ['a'], where: 'value.a' }, 'unsupported'],
    ['P17 maxRate', { op: 'subscribe', id: 1, filters: ['a'], maxRate: '1/s' }, 'unsupported'],
    ['no id', { op: 'get', path: 'a' }, 'bad_command'],
    ['id is negative', { op: 'get', id: -1, path: 'a' }, 'bad_command'],
    ['id is a fraction', { op: 'get', id: 1.5, path: 'a' }, 'bad_command'],
    ['id is text', { op: 'get', id: '1', path: 'a' }, 'bad_command'],
    ['id is beyond 2^53', { op: 'get', id: 2 ** 53, path: 'a' }, 'bad_command'],
    ['no filters', { op: 'subscribe', id: 1 }, 'bad_command'],
    ['filters is empty', { op: 'subscribe', id: 1, filters: [] }, 'bad_command'],
    ['filters is text', { op: 'subscribe', id: 1, filters: 'a' }, 'bad_command'],
    ['a filter is no string', { op: 'subscribe', id: 1, filters: [1] }, 'bad_command'],
    ['P13 an empty segment', { op: 'subscribe', id: 1, filters: ['a', 'a//b'] }, 'bad_filter'],
    ['P13 ** in the middle', { op: 'subscribe', id: 1, filters: ['a/**/b'] }, 'bad_filter'],
    ['P13 an escape that is not canonical', { op: 'subscribe', id: 1, filters: ['a%2f'] }, 'bad_filter'],
    ['P13 a lone surrogate', { op: 'subscribe', id: 1, filters: ['\ud800'] }, 'bad_filter'],
    ['get of a filter', { op: 'get', id: 1, path: 'a/*' }, 'bad_path'],
    ['get of nothing', { op: 'get', id: 1 }, 'bad_command'],
    ['snapshot is no flag', { op: 'subscribe', id: 1, filters: ['a'], snapshot: 1 }, 'bad_command'],
    ['fields is empty', { op: 'get', id: 1, path: 'a', fields: [] }, 'bad_command'],
    ['fields is text', { op: 'get', id: 1, path: 'a', fields: '/a' }, 'bad_command'],
    ['a field is no pointer', { op: 'get', id: 1, path: 'a', fields: ['bid'] }, 'bad_command'],
    ['a field has a wrong escape', { op: 'get', id: 1, path: 'a', fields: ['/a~2'] }, 'bad_command'],
    ['token is no text', { op: 'auth', id: 1, token: 7 }, 'bad_command'],
    ['subscribe in auth is no list', { op: 'auth', id: 1, subscribe: {} }, 'bad_command'],
    ['subscribe in auth holds no objects', { op: 'auth', id: 1, subscribe: [1] }, 'bad_command'],
    ['frames is missing', { op: 'ack' }, 'bad_command'],
    ['frames is negative', { op: 'ack', frames: -1 }, 'bad_command'],
    ['alias is text', { op: 'resync', a: '17' }, 'bad_command'],
  ];
  test.each(refused)('P11 refused in band: %s', (_why, command, code) => {
    expect(only(command)).toMatchObject({ kind: 'refused', code });
  });

  test('P11 the id of a refused command is told where it can be read', () => {
    expect(only({ op: 'fly', id: 7 })).toMatchObject({ re: 7 });
    expect(only({ op: 'fly', id: 'x' })).toMatchObject({ re: undefined });
  });
});

describe('what a command can grow', () => {
  const fields = (count: number): object => ({
    op: 'get',
    id: 1,
    path: 'a',
    fields: Array.from({ length: count }, (_, i) => `/f${i}`),
  });

  test('fields at the limit and one past it', () => {
    expect(only(fields(MAX_FIELDS)).kind).toBe('command');
    expect(only(fields(MAX_FIELDS + 1))).toMatchObject({ kind: 'refused', code: 'bad_command' });
  });

  test('depth at the limit and one past it; brackets in strings are text', () => {
    const nested = (depth: number): string =>
      `{"op":"ack","frames":1,"x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    expect(onlyText(nested(MAX_COMMAND_DEPTH)).kind).toBe('command');
    expect(onlyText(nested(MAX_COMMAND_DEPTH + 1)).kind).toBe('garbage');
    expect(onlyText('{"op":"ack","frames":1,"x":"[[[[[[[[[[[\\"[[[["}').kind).toBe('command');
  });

  test('F9 a `__proto__` member is an unknown field like others', () => {
    expect(onlyText('{"op":"ack","frames":1,"__proto__":{"polluted":true}}')).toEqual({
      kind: 'command',
      command: { op: 'ack', frames: 1 },
    });
    expect(onlyText('{"op":"get","id":1,"path":"a","__proto__":{"fields":["/x"]}}')).toMatchObject({
      command: { fields: undefined },
    });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

test('E5 any text gives lines or faults with a known code, and never throws', () => {
  const member = fc.constantFrom(
    'op',
    'id',
    'filters',
    'path',
    'fields',
    'frames',
    'a',
    'sub',
    'token',
    'subscribe',
    '__proto__',
  );
  const value = fc.oneof(
    fc.constantFrom('auth', 'subscribe', 'get', 'ack', 'a/b', '/x'),
    fc.jsonValue({ maxDepth: 3 }),
  );
  const object = fc.dictionary(member, value).map((fields) => JSON.stringify(fields));
  fc.assert(
    fc.property(fc.array(fc.oneof(object, fc.string()), { maxLength: 4 }), (lines) => {
      for (const line of parseMessage(lines.join('\n'))) {
        if (line.kind === 'refused') expect(Object.keys(ERROR_CODES)).toContain(line.code);
      }
    }),
    { numRuns: 1_000 },
  );
});
