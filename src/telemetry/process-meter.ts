// What the process itself uses: memory, processor, and how late its event loop is.

import { monitorEventLoopDelay, performance, type IntervalHistogram } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Ms } from '../topic/update.js';
import { droppedLogLines } from './logger.js';

export interface ProcessFigures {
  readonly pid: number;
  readonly node: string;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  /** User and system, since the start. */
  readonly cpuMs: Ms;
  /** Time that the event loop has been busy, and waiting, since the start. */
  readonly loopBusyMs: Ms;
  readonly loopIdleMs: Ms;
  /** How late timers were, since a former reading that is about ten seconds old or older. */
  readonly loopLagP99Ms: Ms;
  readonly loopLagMaxMs: Ms;
  readonly logLinesDropped: number;
}

const RESOLUTION_MS: Ms = 20;
/** Readings within this time share what was measured, so that who asks often does not take it from another who asks. */
const FORGET_AFTER_MS: Ms = 10_000;

/** Invariant: `#delays` holds what was measured since `#since`: the last reading that came {@link FORGET_AFTER_MS} after another. */
export class ProcessMeter {
  readonly #delays: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #since: Ms = performance.now();

  constructor() {
    this.#delays.enable();
  }

  stop(): void {
    this.#delays.disable();
  }

  read(): ProcessFigures {
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const loop = performance.eventLoopUtilization();
    const lag = { p99: lateMs(this.#delays.percentile(99)), max: lateMs(this.#delays.max) };
    this.#forget();
    return {
      pid: process.pid,
      node: process.version,
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      heapLimitBytes: getHeapStatistics().heap_size_limit,
      cpuMs: Math.round((user + system) / 1_000),
      loopBusyMs: Math.round(loop.active),
      loopIdleMs: Math.round(loop.idle),
      loopLagP99Ms: lag.p99,
      loopLagMaxMs: lag.max,
      logLinesDropped: droppedLogLines(),
    };
  }

  #forget(): void {
    const now = performance.now();
    if (now - this.#since < FORGET_AFTER_MS) return;
    this.#since = now;
    this.#delays.reset();
  }
}

/** The histogram has nanoseconds between two ticks, the wanted distance included. */
function lateMs(nanoseconds: number): Ms {
  return Math.max(0, Math.round(nanoseconds / 1e5) / 10 - RESOLUTION_MS);
}
