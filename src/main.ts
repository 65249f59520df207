#!/usr/bin/env node
// The program `tailrace`: the only file that ends the process. What the verbs do is src/cli.

import { connectors } from '../connectors/registry.js';
import { terminal } from './cli/output.js';
import { runProgram } from './cli/program.js';
import { createLog, styleOfTerminal } from './telemetry/logger.js';
import { tuneV8 } from './v8-tuning.js';
import { version } from './version.js';

tuneV8();

/** What nobody expected leaves the process in a state that nobody knows: say so, and let it be started anew. */
function die(error: unknown): void {
  const { stderr, env } = process;
  createLog({ level: 'error', style: styleOfTerminal(stderr, env) }).error('unexpected', { error });
  process.exit(1);
}
process.on('uncaughtException', die);
process.on('unhandledRejection', die);

const output = terminal(process);
const code = await runProgram(process.argv.slice(2), {
  output,
  connectors,
  // Loaded when they are needed: a check should not wait for them.
  startPipeline: async (config, deps) => (await import('./pipeline.js')).startPipeline(config, deps),
  runDemo: async (options) => (await import('./demo/demo.js')).runDemo(options),
  version,
  env: process.env,
  stderr: process.stderr,
  createLog,
  signals: process,
  exitNow: (now) => process.exit(now),
});
await output.flushed();
process.exit(code);
