// How much of something fits into the heap that this process was given, for what is too many only where memory is short.

import { getHeapStatistics } from 'node:v8';

/**
 * A filter that no other session has costs about 2 KB: its audience, its place in the index, its membership. Twice that leaves
 * half of the heap to values and sessions.
 */
const HEAP_BYTES_PER_FILTER = 4 * 1024;

/** Filters that sessions may hold together: about 70,000 in a heap of 256 MB, a million in one of 4 GB. */
export function filtersThatFit(heapBytes = getHeapStatistics().heap_size_limit): number {
  return Math.floor(heapBytes / HEAP_BYTES_PER_FILTER);
}
