// What the CPU of this process was used for: the time between two points, and a profile of where it went.

import { Session } from 'node:inspector/promises';

/** CPU time of a process, user and system, all threads. */
export class CpuMeter {
  #usage = process.cpuUsage();
  #wallMs = performance.now();

  start(): void {
    this.#usage = process.cpuUsage();
    this.#wallMs = performance.now();
  }

  stop(): CpuTime {
    const { user, system } = process.cpuUsage(this.#usage);
    return { cpuUs: user + system, wallMs: performance.now() - this.#wallMs };
  }
}

export interface CpuTime {
  readonly cpuUs: number;
  readonly wallMs: number;
}

/** Between two looks at the stack. */
const SAMPLE_US = 250;

export interface SelfTime {
  /** Function, file and line. */
  readonly where: string;
  readonly ms: number;
}

/** Waiting, and the profiler at its own work. */
const NOT_WORK = /^(\(idle\)|dispatch :0)/;

/** Adds up the self times of functions over several stretches. */
export class Profile {
  readonly #session = new Session();
  readonly #selfUs = new Map<string, number>();

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US });
    await this.#session.post('Profiler.start');
  }

  async stop(): Promise<void> {
    const { profile } = await this.#session.post('Profiler.stop');
    this.#session.disconnect();
    const names = new Map(
      profile.nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
        id,
        `${functionName || '(anonymous)'} ${url.replace(/^.*\/(dist|node_modules)\//, '')}:${lineNumber + 1}`,
      ]),
    );
    profile.samples?.forEach((id, i) => {
      const where = names.get(id) ?? '';
      this.#selfUs.set(where, (this.#selfUs.get(where) ?? 0) + (profile.timeDeltas?.[i] ?? 0));
    });
  }

  /** The most expensive first, idle time left out. */
  top(count: number): SelfTime[] {
    return [...this.#selfUs]
      .filter(([where]) => !NOT_WORK.test(where))
      .sort(([, a], [, b]) => b - a)
      .slice(0, count)
      .map(([where, us]) => ({ where, ms: us / 1000 }));
  }
}
