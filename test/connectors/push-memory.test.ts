// The answers that a push source remembers.

import { expect, test } from '@jest/globals';

import type { ReceiverAnswer } from '../../connectors/contract.js';
import { RememberedAnswers } from '../../connectors/push/remembered-answers.js';

const LIMITS = { keys: 10, ms: 1_000 };
const good: ReceiverAnswer = { status: 200, body: {} };

test('an answer is remembered for as long as it should be since it was given, and one on its way for as long as it takes', async () => {
  let now = 0;
  const answers = new RememberedAnswers(() => now);
  let give: (answer: ReceiverAnswer) => void = () => undefined;
  const answer = new Promise<ReceiverAnswer>((resolve) => (give = resolve));
  answers.remember('a', 'digest', answer, () => LIMITS);
  now = 100_000;
  expect(answers.recall('a', 'digest', LIMITS)).toEqual({ kind: 'same request', answer });
  expect(answers.recall('a', 'other', LIMITS)).toEqual({ kind: 'other request' });
  give(good);
  await answer;
  now += 999;
  expect(answers.recall('a', 'digest', LIMITS).kind).toBe('same request');
  now += 1;
  expect(answers.recall('a', 'other', LIMITS).kind).toBe('unknown');
});

test('an answer that is no success, or never comes, is not remembered', async () => {
  const answers = new RememberedAnswers(() => 0);
  const bad = Promise.resolve({ ...good, status: 503 });
  const broken = Promise.reject<ReceiverAnswer>(new Error('a bug'));
  answers.remember('a', '', bad, () => LIMITS);
  answers.remember('b', '', broken, () => LIMITS);
  await Promise.allSettled([bad, broken]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(['a', 'b'].map((key) => answers.recall(key, '', LIMITS).kind)).toEqual(['unknown', 'unknown']);
});
