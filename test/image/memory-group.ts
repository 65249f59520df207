// A memory limit as a container engine sets it: a control group of its own, of version 2 or 1. Needs root.

import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { until } from '../support/kafka.js';

const V2 = '/sys/fs/cgroup';
const V1 = '/sys/fs/cgroup/memory';

export interface MemoryGroup {
  /** A process that writes its id here is limited, and so are its children. */
  readonly procsFile: string;
  /** For when all of its processes have ended; the kernel takes a moment to notice. */
  remove(): Promise<void>;
}

/** Throws where this machine lets nobody make control groups. */
export function memoryGroup(bytes: number): MemoryGroup {
  const isV2 = existsSync(join(V2, 'cgroup.controllers'));
  const folder = join(isV2 ? V2 : V1, `tailrace-test-${randomUUID()}`);
  mkdirSync(folder);
  writeFileSync(join(folder, isV2 ? 'memory.max' : 'memory.limit_in_bytes'), String(bytes));
  const remove = () => until('an empty control group', () => isRemoved(folder));
  return { procsFile: join(folder, 'cgroup.procs'), remove };
}

function isRemoved(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
    throw error;
  }
}
