// The machine as the results name it, and how busy it is with what is not ours.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus, hostname, release, totalmem, type } from 'node:os';

/** Ticks of /proc per second: USER_HZ, 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface Machine {
  readonly name: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** Whether processes are kept on one core each. */
  readonly isPinned: boolean;
}

export function thisMachine(): Machine {
  const all = cpus();
  return {
    name: hostname(),
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    isPinned: canPin(),
  };
}

let pins: boolean | undefined;

/** Whether `taskset` is there and there are two cores to keep apart. */
export function canPin(): boolean {
  pins ??= cpus().length >= 2 && spawnSync('taskset', ['-c', '1', 'true']).status === 0;
  return pins;
}

/** CPU time of every process that there is, in microseconds; undefined where the system does not tell. */
export function cpuOfAllUs(): ReadonlyMap<number, number> | undefined {
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return new Map(pids.map((pid) => [Number(pid), cpuUsOf(Number(pid))]));
  } catch {
    return undefined;
  }
}

/** 0 when it is not there any more. */
function cpuUsOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}
