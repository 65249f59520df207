// `tailrace run` with everything that runs behind it, within the test, on ports that are free.

import { EventEmitter } from 'node:events';
import { terminal } from '../../src/cli/output.js';
import { startPipeline } from '../../src/pipeline.js';
import { createLog } from '../../src/telemetry/logger.js';
import { until } from '../support/kafka.js';
import { tailrace } from './command.js';

const TOKEN = 'a-token-of-this-test';
const ENV = { TAILRACE__LISTEN__PORT: '0', TAILRACE__ADMIN__PORT: '0', TAILRACE__ADMIN__TOKEN: TOKEN };

export interface RunInTest {
  /** Of the stream, once both ports are open. */
  url(): Promise<string>;
  /** What the operator's port says. */
  status(): Promise<unknown>;
  /** Resolves when every source has been read to its end. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** `variables` are the environment's, beside those of the test. */
export function runInTest(file: string, variables: Readonly<Record<string, string>> = {}): RunInTest {
  const signals = new EventEmitter();
  const nowhere = { write: (_text: string, done?: () => void) => (done?.(), true) };
  const output = terminal({ stdout: nowhere, stderr: nowhere } as unknown as Parameters<typeof terminal>[0]);
  let log = '';
  const loadLogger = () =>
    Promise.resolve((options: Parameters<typeof createLog>[0]) =>
      createLog({ ...options, style: 'json', write: (line) => (log += line) }),
    );
  const argv = ['run', '-c', file];
  const ended = tailrace(argv, { env: { ...ENV, ...variables }, startPipeline, signals, output, loadLogger });
  const logged = (event: string) =>
    until(`the line ${event}`, () => log.includes(`"event":"${event}"`), 20_000);
  return {
    async url() {
      await logged('listening');
      return (/"publicUrl":"([^"]+)"/.exec(log)?.[1] ?? '').replace('http', 'ws');
    },
    async status() {
      await logged('listening');
      const adminUrl = /"adminUrl":"([^"]+)"/.exec(log)?.[1] ?? '';
      const answer = await fetch(`${adminUrl}/v1/status`, { headers: { authorization: `Bearer ${TOKEN}` } });
      return answer.json();
    },
    ready: () => logged('ready'),
    async stop() {
      signals.emit('SIGINT');
      await ended;
    },
  };
}
