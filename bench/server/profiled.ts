// What every measured process offers beside its own methods: a profile of Tailrace's share of the CPU.

import { Profile, type SelfTime } from './cpu.js';

let collected: Profile | undefined;

/** To be spread into the methods of a server process. */
export const profiledMethods = {
  profile(): void {
    collected = new Profile();
  },
  hottest(count: number): SelfTime[] {
    return collected?.top(count) ?? [];
  },
};

/** Runs something of Tailrace with the profiler on, where it was asked for. */
export async function profiled<T>(task: () => Promise<T> | T): Promise<T> {
  await startProfile();
  try {
    return await task();
  } finally {
    await stopProfile();
  }
}

export async function startProfile(): Promise<void> {
  await collected?.start();
}

export async function stopProfile(): Promise<void> {
  await collected?.stop();
}
