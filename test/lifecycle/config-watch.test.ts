import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/clock.js';
import { watchConfig } from '../../src/lifecycle/config-watch.js';
import { until } from '../support/kafka.js';

/** A look at the files comes when the test says so. */
class SteppedClock implements Clock {
  readonly now = () => 0;
  readonly monotonic = () => 0;
  readonly random = () => 0;
  #next: (() => void) | undefined;

  after(_delayMs: number, task: () => void) {
    this.#next = task;
    return () => (this.#next = undefined);
  }

  nextTurn(task: () => void): void {
    setImmediate(task);
  }

  /** So many looks, one after the other. */
  async look(times = 1): Promise<void> {
    for (let i = 0; i < times; i++) {
      const task = this.#next;
      this.#next = undefined;
      task?.();
      await until('the look', () => this.#next !== undefined);
    }
  }
}

let folder: string;
let clock: SteppedClock;
let files: string[];
let changes: number;
let watch: { stop(): void };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailrace-watch-'));
  clock = new SteppedClock();
  files = [join(folder, 'a.yaml')];
  changes = 0;
});
afterEach(() => {
  watch.stop();
  rmSync(folder, { recursive: true });
});

async function start(): Promise<void> {
  watch = watchConfig({ clock, files: () => files, changed: () => changes++ });
  await clock.look(2);
}

test('says one change for one write, and nothing while nothing happens', async () => {
  writeFileSync(files[0]!, 'a: 1');
  await start();
  await clock.look(3);
  expect(changes).toBe(0);
  writeFileSync(files[0]!, 'a: 2');
  await clock.look(5);
  expect(changes).toBe(1);
});

test('sees a file that an editor replaces, one that vanishes, and one that comes back', async () => {
  writeFileSync(files[0]!, 'a: 1');
  await start();
  writeFileSync(join(folder, 'new'), 'a: 1');
  renameSync(join(folder, 'new'), files[0]!);
  await clock.look(2);
  expect(changes).toBe(1);
  unlinkSync(files[0]!);
  await clock.look(2);
  expect(changes).toBe(2);
  writeFileSync(files[0]!, 'a: 1');
  await clock.look(2);
  expect(changes).toBe(3);
});

test('sees the link above a mounted file swapped, as Kubernetes does with a ConfigMap', async () => {
  for (const version of ['v1', 'v2']) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, 'a.yaml'), 'same: size');
  }
  symlinkSync('v1', join(folder, '..data'));
  symlinkSync('..data/a.yaml', files[0]!);
  await start();
  symlinkSync('v2', join(folder, 'next'));
  renameSync(join(folder, 'next'), join(folder, '..data'));
  await clock.look(2);
  expect(changes).toBe(1);
});

test('waits until a file is quiet, so that nothing half-written is read', async () => {
  writeFileSync(files[0]!, '');
  await start();
  for (let i = 1; i <= 10; i++) {
    writeFileSync(files[0]!, 'x'.repeat(i));
    await clock.look();
  }
  expect(changes).toBe(0);
  await clock.look();
  expect(changes).toBe(1);
});

test('a file that another configuration names is watched from then on, and is no change by itself', async () => {
  writeFileSync(files[0]!, '1');
  await start();
  const secret = join(folder, 'secret');
  writeFileSync(secret, 's');
  files.push(secret);
  await clock.look(4);
  expect(changes).toBe(0);
  writeFileSync(secret, 'other');
  await clock.look(2);
  expect(changes).toBe(1);
});
