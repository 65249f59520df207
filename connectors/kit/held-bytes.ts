// How much memory this process holds that no garbage collection frees: what a source keeps while nobody reads.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pause } from './expectation.js';

const LOOKS = 4;
const BETWEEN_LOOKS_MS = 20;

/** Heap and buffers, bytes. The least of some looks, since the memory of buffers is freed some time after a collection. */
export async function heldBytes(): Promise<number> {
  let least = Infinity;
  for (let look = 0; look < LOOKS; look++) {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
    await pause(BETWEEN_LOOKS_MS);
  }
  return least;
}

/** V8 gives the function to contexts that are made while the flag is set. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  setFlagsFromString('--no-expose-gc');
}
