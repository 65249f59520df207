// `tailrace health`: whether the process beside it is ready, by its operator's port. Containers ask every few seconds.

import type { Ms } from '../topic/update.js';
import { ask, ownAdminPort } from './admin-client.js';
import { EXIT, type ExitCode } from './exit-code.js';
import type { Output } from './output.js';

export interface HealthOptions {
  readonly config: string;
  /** Of the operator's port; left out: as the configuration says. */
  readonly url?: URL;
  /** Whether it is alive, which it is while it starts and drains too. */
  readonly live?: boolean;
  readonly timeoutMs: Ms;
  readonly json?: boolean;
}

export interface HealthContext {
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
}

interface Verdict {
  readonly status: 'ready' | 'not ready' | 'alive' | 'unreachable' | 'unknown';
  /** What is not so. */
  readonly why?: string;
}

export async function health(options: HealthOptions, { output, env }: HealthContext): Promise<ExitCode> {
  const { status, why } = await verdictOf(options, env);
  if (options.json === true) output.json({ status, ...(why !== undefined && { why }) });
  else output.data(why === undefined ? status : `${status}: ${why}`);
  switch (status) {
    case 'ready':
    case 'alive':
      return EXIT.fine;
    case 'not ready':
    case 'unknown':
      return EXIT.failed;
    case 'unreachable':
      return EXIT.unreachable;
  }
}

async function verdictOf(
  { config, url, live, timeoutMs }: HealthOptions,
  env: NodeJS.ProcessEnv,
): Promise<Verdict> {
  const port = url ?? (await ownAdminPort(config, env))?.url;
  if (port === undefined) {
    return { status: 'unreachable', why: 'admin.port is 0, so nobody can tell which it is; say --url' };
  }
  const asked = new URL(live === true ? '/livez' : '/readyz?verbose', port);
  const reply = await ask({ url: asked, timeoutMs });
  if (reply.kind === 'unreachable') return { status: 'unreachable', why: reply.why };
  if (reply.status === 200) return { status: live === true ? 'alive' : 'ready' };
  if (reply.status === 503) return { status: 'not ready', why: waitingFor(reply.text) };
  return { status: 'unknown', why: `${asked.origin} answers ${reply.status}: is this the admin port?` };
}

/** Of the lines of `/readyz?verbose` those that are waited for, on one line. */
function waitingFor(text: string): string {
  const waiting = text.split('\n').flatMap((line) => /^waiting (.*)$/.exec(line)?.[1] ?? []);
  return waiting.length === 0 ? 'it does not say why' : waiting.join('; ');
}
