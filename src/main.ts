#!/usr/bin/env node
// The program `tailrace`: the only file that ends the process. What the verbs do is src/cli.

import { terminal } from './cli/output.js';
import { runProgram } from './cli/program.js';
import { styleOfTerminal } from './telemetry/log-text.js';
import type { createLog } from './telemetry/logger.js';
import { takeNodeWarnings } from './telemetry/node-warnings.js';
import { tuneV8 } from './v8-tuning.js';
import { version } from './version.js';

tuneV8();

const output = terminal(process);
/** Set once a verb logs; others say what broke as they say everything. */
let loaded: typeof createLog | undefined;

/** What nobody expected leaves the process in a state that nobody knows: say so, and let it be started anew. */
function die(error: unknown): void {
  const { stderr, env } = process;
  if (loaded === undefined) output.fault(error);
  else loaded({ level: 'error', style: styleOfTerminal(stderr, env) }).error('unexpected', { error });
  process.exit(1);
}
process.on('uncaughtException', die);
process.on('unhandledRejection', die);
takeNodeWarnings(process, ({ name, message }) => {
  const { stderr, env } = process;
  if (loaded === undefined) output.notice(`${name}: ${message}`);
  else loaded({ level: 'warn', style: styleOfTerminal(stderr, env) }).warn('node-warning', { name, message });
});
// A reader that is gone (`| head`) has had enough, and a full disk behind stderr is no reason to end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.stderr.on('error', () => undefined);

const code = await runProgram(process.argv.slice(2), {
  output,
  // Loaded when they are needed: no verb should wait for what it does not use.
  connectors: async () => (await import('../connectors/registry.js')).connectors,
  loadLogger: async () => (loaded = (await import('./telemetry/logger.js')).createLog),
  startPipeline: async (config, deps) => (await import('./pipeline.js')).startPipeline(config, deps),
  runDemo: async (options) => (await import('./demo/demo.js')).runDemo(options),
  version,
  env: process.env,
  stderr: process.stderr,
  terminal: process,
  signals: process,
  exitNow: (now) => process.exit(now),
});
await output.flushed();
process.exit(code);
