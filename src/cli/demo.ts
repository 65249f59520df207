// `tailrace demo`: a market that moves, three people who watch it, on this machine. What it does is src/demo.

import type { RootLog } from '../telemetry/logger.js';
import type { ExitCode } from './exit-code.js';
import type { Output } from './output.js';
import type { StopRequests } from './stop-requests.js';
import { EXIT } from './exit-code.js';

/** What src/demo/demo.ts is given. */
export interface DemoOptions {
  /** Brokers of a Kafka that is there; undefined: a local one is started, and installed the first time. */
  readonly brokers: readonly string[] | undefined;
  /** URL of a Postgres database that is there, of an owner who may replicate; undefined: a local server is started. */
  readonly postgres: URL | undefined;
  /** Address of both ports. Where it is no loopback address, whoever reaches it is given the demo's tokens. */
  readonly host: string;
  /** Of the page. */
  readonly port: number;
  readonly adminPort: number;
  readonly log: RootLog;
  /** Progress for the person who waits, one sentence each. */
  readonly notice: (text: string) => void;
  /** Aborted when the demo has to end. */
  readonly signal: AbortSignal;
}

/** Resolves when it has ended and nothing of it runs any more. */
export type RunDemo = (options: DemoOptions) => Promise<void>;

export interface DemoFlags {
  readonly brokers?: readonly string[];
  readonly postgres?: URL;
  readonly host: string;
  readonly port: number;
  readonly adminPort: number;
}

export interface DemoContext {
  readonly output: Output;
  readonly stops: StopRequests;
  readonly log: RootLog;
  readonly runDemo: RunDemo;
}

export async function demo(flags: DemoFlags, context: DemoContext): Promise<ExitCode> {
  const { brokers, postgres, host, port, adminPort } = flags;
  const { output, stops, log, runDemo } = context;
  await runDemo({
    brokers,
    postgres,
    host,
    port,
    adminPort,
    log,
    notice: (text) => output.notice(text),
    signal: stops.signal,
  });
  return EXIT.fine;
}
