// `POST /v1/sources/:source/replay`: what is let through to the source, and what is answered.

import { expect, test } from '@jest/globals';
import { SchemasUnavailable } from '../../src/decode/decoder.js';
import { stubOf, type LetterStub } from '../../src/dead-letters/dead-letter.js';
import { letterJson } from '../../src/dead-letters/letter-json.js';
import { MAX_REPLAY_LETTERS, replay, type LetterToReplay } from '../../src/server/admin-replay.js';
import type { AdminSuppliers } from '../../src/server/admin-routes.js';
import { letter } from '../dead-letters/letters.js';

function stub(offset: number, changes: Partial<LetterStub> = {}): LetterStub {
  return { ...stubOf(letter(offset), 5), ...changes };
}

async function ask(body: string | readonly LetterStub[], fails?: Error) {
  const tried: LetterToReplay[] = [];
  const text = typeof body === 'string' ? body : JSON.stringify({ letters: body.map(letterJson) });
  const from = {
    replay: (source: string) =>
      source === 'quotes'
        ? async (records: readonly LetterToReplay[]) => {
            if (fails !== undefined) throw fails;
            tried.push(...records);
            return records.map(({ offset }) =>
              offset === 1 ? ('applied' as const) : ('superseded' as const),
            );
          }
        : undefined,
  } as unknown as AdminSuppliers;
  const answer = (source: string) =>
    replay(from, {
      ...{ parameters: { source }, query: new URLSearchParams(), headers: {}, body: Buffer.from(text) },
      signal: new AbortController().signal,
    });
  return { answer: await answer('quotes'), other: await answer('orders'), tried };
}

test('letters become the records that they were, in order, and each has its outcome', async () => {
  const headers = [{ name: 'h', value: null }];
  const { answer, tried } = await ask([stub(1), stub(2, { value: null, headers })]);
  expect(answer).toEqual({ status: 200, body: { outcomes: ['applied', 'superseded'] } });
  const { key, timestampMs } = stub(1);
  const origin = { topic: 'fx.quotes', partition: 0 };
  expect(tried).toEqual([
    { ...origin, offset: 1, key, value: stub(1).value, headers: undefined, timestampMs },
    { ...origin, offset: 2, key: stub(2).key, value: null, headers, timestampMs: stub(2).timestampMs },
  ]);
});

test.each<[string, string | readonly LetterStub[], RegExp]>([
  ['no JSON', '{', /"letters"/],
  ['no letters', '{"letters":7}', /"letters"/],
  ['null', 'null', /"letters"/],
  ['what is no letter', '{"letters":[{}]}', /letters\[0\] is no letter of this source/],
  [
    'a letter of another source',
    [stub(1), stub(2, { source: 'orders' })],
    /letters\[1\] is no letter of this/,
  ],
  ['a letter that is cut', [stub(1, { isTruncated: true })], /letters\[0\] is truncated/],
  ['too many', Array.from({ length: MAX_REPLAY_LETTERS + 1 }, () => stub(1)), /at most 500 letters/],
])('%s is refused, and nothing is tried', async (_, body, message) => {
  const { answer, tried } = await ask(body);
  expect(answer).toMatchObject({
    status: 400,
    body: { error: { code: 'malformed', message: expect.stringMatching(message) } },
  });
  expect(tried).toEqual([]);
});

test('a source that is not read is not found, and a registry that is away is a matter of time', async () => {
  const { other } = await ask([stub(1)]);
  expect(other).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
  const { answer } = await ask([stub(1)], new SchemasUnavailable('the registry does not answer'));
  expect(answer).toMatchObject({ status: 503, body: { error: { message: 'the registry does not answer' } } });
  await expect(ask([stub(1)], new TypeError('a bug'))).rejects.toThrow('a bug');
});
