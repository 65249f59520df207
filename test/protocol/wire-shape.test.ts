// P38: the wire's fingerprint. A change of what the encoders write or of the commands that are known fails here: then either the change
// is one that old clients read right (new fields, new tags: update the fingerprint), or the subprotocol needs a new name.

import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { CloseCode } from '../../src/protocol/close-codes.js';
import { COMMAND_NAMES, parseMessage } from '../../src/protocol/commands.js';
import * as control from '../../src/protocol/control-lines.js';
import * as data from '../../src/protocol/data-lines.js';
import { ERROR_CODES } from '../../src/protocol/error-codes.js';
import { SUBPROTOCOL_JSON } from '../../src/protocol/subprotocol.js';
import { parsePath } from '../../src/topic/path.js';
import { stringifyJson } from '../../src/topic/json.js';
import { epochOf } from '../../src/topic/update.js';

const FINGERPRINTS: Readonly<Record<string, string>> = {
  'tailrace.v1.json': '6eede1f1a655cbd4',
};

const parsed = parsePath('a/é');
if (!parsed.ok) throw new Error(parsed.fault);
const { path } = parsed;
const value = stringifyJson({ k: 'ü' });
const limits = { messageBytes: 65_536, filters: 1_000, commandsPerSecond: 20, commandBurst: 60 };
const welcome = {
  re: 1,
  session: 's',
  partitions: [{ x: 0, epoch: epochOf('e'), part: 2 }],
  resumed: false,
  beatMs: 5,
  limits,
};

const SAMPLES: readonly string[] = [
  data.keyframeLine({ alias: 1, version: 2, x: 3, intent: 4, path, value, at: 5 }),
  data.fullLine(1, 2, value, undefined),
  data.fullLine(1, 2, value, 5),
  data.mergeLine({ alias: 1, to: 2, span: 1, text: value, at: undefined }),
  data.patchLine({ alias: 1, to: 2, span: 1, text: stringifyJson([]), at: 5 }),
  data.deleteLine(1, 2, undefined),
  data.pathFreshnessLine(1, true),
  data.pathFreshnessLine(1, false),
  data.sourceStaleLine([0, 1], 5),
  data.sourceFreshLine([0, 1]),
  data.atomicBeginLine(),
  data.atomicEndLine({ isSplit: false }),
  data.atomicEndLine({ isSplit: true }),
  data.evenLine([[0, 9]]),
  control.welcomeLine({ ...welcome, expiresAt: 7 }),
  control.welcomeLine({ ...welcome, re: undefined, expiresAt: undefined }),
  control.refreshedLine(1, 7),
  control.subscribedLine({ re: 1, sub: 2, n: 3, rights: 'some' }),
  control.unsubscribedLine(1, 2),
  control.valueLine({ re: 1, path, x: 0, version: 2, at: 5, value }),
  control.endLine(1, [[0, 9]]),
  control.resetLine({ sub: 1 }),
  control.resetLine({ x: 0 }),
  control.laggingLine(),
  control.caughtUpLine(4),
  control.beatLine(3),
  control.rightsLine(),
  control.limitLine(1),
  control.goawayLine(1_000),
  control.partitionsLine([{ x: 1, epoch: epochOf('f'), part: 0 }]),
  control.errorLine({ re: 1, code: 'rate', message: 'm', retryAfterMs: 50 }),
  control.errorLine({ re: undefined, code: 'bad_command', message: 'é' }),
];

const COMMANDS: readonly string[] = [
  '{"op":"auth","id":1,"token":"t","acks":true,"resume":{},"subscribe":[{"id":2,"filters":["a"]}]}',
  '{"op":"subscribe","id":2,"filters":["a/*","b/**"],"fields":["/bid"],"snapshot":false,"times":true}',
  '{"op":"subscribe","id":2,"filters":["a"],"where":"x"}',
  '{"op":"subscribe","id":2,"filters":["a"],"maxRate":"1/s"}',
  '{"op":"unsubscribe","id":3,"sub":1}',
  '{"op":"get","id":4,"path":"a/b","fields":["/bid"]}',
  '{"op":"ack","frames":12}',
  '{"op":"resync","a":17}',
  '{"op":"tree","id":5}',
];

test('P38 the wire does not change under its name', () => {
  const shape = JSON.stringify([
    SAMPLES,
    COMMAND_NAMES,
    [...parseMessage(COMMANDS.join('\n'))],
    CloseCode,
    ERROR_CODES,
    data.Tag,
  ]);
  const fingerprint = createHash('sha256').update(shape).digest('hex').slice(0, 16);
  expect({ [SUBPROTOCOL_JSON]: fingerprint }).toEqual(FINGERPRINTS);
});

test('every line is one line of JSON in UTF-8 bytes', () => {
  for (const line of SAMPLES) {
    expect(line).not.toContain('\n');
    expect(() => JSON.parse(Buffer.from(line, 'latin1').toString('utf8')) as unknown).not.toThrow();
  }
  const reply = control.valueLine({ re: 1, path, x: 0, version: 2, at: 5, value });
  expect(JSON.parse(Buffer.from(reply, 'latin1').toString('utf8'))).toEqual({
    re: 1,
    op: 'value',
    path: 'a/é',
    x: 0,
    v: 2,
    at: 5,
    value: { k: 'ü' },
  });
});

test('no encoder is without a sample', () => {
  const encoders = [...Object.keys(control), ...Object.keys(data)].filter((name) => name.endsWith('Line'));
  expect(encoders).toHaveLength(26);
});
