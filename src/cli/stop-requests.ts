// SIGTERM and SIGINT: the first asks for an orderly stop, the second ends the process at once. SIGTERM comes from what runs the
// process and drains it; SIGINT comes from a person at a terminal, who waits.

import type { StopKind } from '../lifecycle/stop-plan.js';

/** Anything that gives signals: `process`, or a stand-in. */
export interface SignalSource {
  on(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP', listener: () => void): unknown;
  off(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP', listener: () => void): unknown;
}

export interface StopRequests {
  /** Aborted by the first request. */
  readonly signal: AbortSignal;
  /** Resolves at the first request. */
  readonly requested: Promise<StopKind>;
  /** Leaves the signals to their defaults again. */
  release(): void;
}

/** `exitNow` is called at the second request with the shell's code for the signal. */
export function listenForStops(source: SignalSource, exitNow: (code: number) => void): StopRequests {
  const controller = new AbortController();
  let request: (kind: StopKind) => void = () => undefined;
  const requested = new Promise<StopKind>((resolve) => (request = resolve));
  const onSignal = (code: number, kind: StopKind) => () => {
    if (controller.signal.aborted) return exitNow(code);
    controller.abort();
    request(kind);
  };
  const onTerm = onSignal(128 + 15, 'drain');
  const onInt = onSignal(128 + 2, 'at-once');
  source.on('SIGTERM', onTerm);
  source.on('SIGINT', onInt);
  return {
    signal: controller.signal,
    requested,
    release() {
      source.off('SIGTERM', onTerm);
      source.off('SIGINT', onInt);
    },
  };
}
