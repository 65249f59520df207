// How the kit says what is wrong, and how it waits: always for a condition, always with an end.

/** A promise of the contract is broken. The message says which, and what was seen. */
export class NotConformant extends Error {
  override readonly name = 'NotConformant';
}

/** Throws NotConformant. */
export function demand(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new NotConformant(sentence);
}

/** Resolves as soon as `holds` says so. Throws NotConformant after `withinMs`. */
export async function until(
  sentence: string,
  holds: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    demand(performance.now() < deadline, `${sentence}: not within ${withinMs} ms`);
    await pause(5);
  }
}

/** What the promise resolves with, or NotConformant when that takes longer than `withinMs`. */
export async function within<T>(sentence: string, promise: Promise<T>, withinMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new NotConformant(`${sentence}: not within ${withinMs} ms`);
    timer = setTimeout(() => reject(error), withinMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** `SourceUnavailable: no broker answers` */
export function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** By name: a connector may have another copy of the contract than the kit. */
export function isNamed(error: unknown, name: string): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === name;
}
