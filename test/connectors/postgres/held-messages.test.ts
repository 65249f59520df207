// What is held between a connection and a slow taker: bounded by a pause, complete, in order, and ended once.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { HeldMessages } from '../../../connectors/postgres/connection/held-messages.js';

const KIB = 1024;

class Flow {
  isPaused = false;
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
}

test('reading pauses at half a MiB, and goes on when that is taken', async () => {
  const flow = new Flow();
  const held = new HeldMessages<number>(flow);
  held.put([1], 511 * KIB);
  expect(flow.isPaused).toBe(false);
  held.put([2, 3], 64 * KIB);
  expect(flow.isPaused).toBe(true);
  expect(await held.take()).toEqual([1, 2, 3]);
  expect(flow.isPaused).toBe(false);
});

test('what came before the end is taken before it', async () => {
  const held = new HeldMessages<number>(new Flow());
  const error = new Error('lost');
  held.put([1], 1);
  held.end(error);
  held.end();
  expect(await held.take()).toEqual([1]);
  await expect(held.take()).rejects.toBe(error);
  await expect(held.take()).rejects.toBe(error);
});

test('who has left gets nothing more, and no error', async () => {
  const held = new HeldMessages<number>(new Flow());
  held.put([1], 1);
  held.discard();
  held.end(new Error('lost'));
  expect(await held.take()).toBeUndefined();
});

test('all arrives, in order, however putting and taking take turns', async () => {
  const schedule = fc.array(fc.oneof(fc.constant('take' as const), fc.integer({ min: 1, max: 300 * KIB })));
  await fc.assert(
    fc.asyncProperty(schedule, async (steps) => {
      const flow = new Flow();
      const held = new HeldMessages<number>(flow);
      const taken: number[] = [];
      const taking = (async () => {
        for (let some = await held.take(); some !== undefined; some = await held.take()) taken.push(...some);
      })();
      let count = 0;
      for (const step of steps) {
        if (step === 'take' || flow.isPaused) await new Promise(setImmediate);
        else held.put([count++], step);
      }
      held.end();
      await taking;
      expect(taken).toEqual(Array.from({ length: count }, (_, index) => index));
    }),
  );
});
