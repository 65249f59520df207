// Waits between attempts to read a source: growing, so that a broken upstream is left in peace; jittered, so that a hundred
// processes do not come back in one moment.

import type { Clock } from '../clock.js';
import type { Ms } from '../topic/update.js';

const FIRST_WAIT: Ms = 500;
const LONGEST_WAIT: Ms = 30_000;

/** The wait before attempt `attempt` (1 = the first one after a failure): between half of the step and all of it. */
export function retryWait(attempt: number, random: number): Ms {
  const step = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(attempt - 1, 16));
  return step * (0.5 + 0.5 * random);
}

/** Resolves after the wait, or at once when `signal` aborts. */
export function pause(clock: Clock, wait: Ms, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(wait, end);
    signal.addEventListener('abort', end);
  });
}

/** Resolves in the next turn of the event loop, so that sockets and timers get theirs. */
export function nextTurn(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.nextTurn(resolve));
}
