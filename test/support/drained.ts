// Waits for room in an answer that is being written.

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** Resolves when there is room for more, or nobody who reads it any more. */
export async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed || !response.writableNeedDrain) return;
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  response.once('close', leave);
  await once(response, 'drain', { signal: gone.signal }).catch(() => undefined);
  response.off('close', leave);
}
