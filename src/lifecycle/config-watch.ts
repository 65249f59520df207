// Notices that a configuration, or a secret file that it names, has changed on disk. Files are looked at by their path, again and
// again: editors replace them, Kubernetes swaps a link above them, and neither is seen by watching the file itself.

import { stat } from 'node:fs/promises';
import type { Clock } from '../clock.js';
import type { Ms } from '../topic/update.js';

const LOOK_EVERY_MS: Ms = 1_000;

export interface ConfigWatchOptions {
  readonly clock: Clock;
  /** Absolute paths; asked at every look, since another configuration names other files. */
  readonly files: () => readonly string[];
  /** Called when they differ from before and have been quiet for a look, so that nothing half-written is read. */
  readonly changed: () => void;
}

/** Looks until it is stopped. */
export function watchConfig({ clock, files, changed }: ConfigWatchOptions): { stop(): void } {
  let known: Signatures = new Map();
  let seen: Signatures = new Map();
  let cancel = (): void => undefined;
  let isStopped = false;
  const look = async () => {
    const now = await signaturesOf(files());
    if (isStopped) return;
    const isQuiet = !differ(seen, now);
    const isChanged = differ(known, now);
    seen = now;
    if (isQuiet || !isChanged) known = now;
    if (isQuiet && isChanged) changed();
    cancel = clock.after(LOOK_EVERY_MS, () => void look());
  };
  void look();
  return {
    stop() {
      isStopped = true;
      cancel();
    },
  };
}

/** By file. */
type Signatures = ReadonlyMap<string, string>;

async function signaturesOf(files: readonly string[]): Promise<Signatures> {
  return new Map(await Promise.all(files.map(async (file) => [file, await signatureOf(file)] as const)));
}

/** Of the files that were looked at both times. */
function differ(before: Signatures, now: Signatures): boolean {
  return [...now].some(([file, signature]) => (before.get(file) ?? signature) !== signature);
}

/** Follows links. A file that is not there, or not readable, is a state like any other. */
async function signatureOf(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = await stat(file);
    return [dev, ino, size, mtimeMs, ctimeMs].join(' ');
  } catch {
    return 'absent';
  }
}
