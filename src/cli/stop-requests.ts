// SIGTERM and SIGINT: the first asks for an orderly stop, the second ends the process at once.

/** Anything that gives signals: `process`, or a stand-in. */
export interface SignalSource {
  on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  off(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
}

export interface StopRequests {
  /** Aborted by the first request. */
  readonly signal: AbortSignal;
  /** Resolves at the first request. */
  readonly requested: Promise<undefined>;
  /** Leaves the signals to their defaults again. */
  release(): void;
}

/** `exitNow` is called at the second request with the shell's code for the signal. */
export function listenForStops(source: SignalSource, exitNow: (code: number) => void): StopRequests {
  const controller = new AbortController();
  const requested = new Promise<undefined>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const onSignal = (code: number) => () => {
    if (controller.signal.aborted) exitNow(code);
    else controller.abort();
  };
  const onTerm = onSignal(128 + 15);
  const onInt = onSignal(128 + 2);
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
