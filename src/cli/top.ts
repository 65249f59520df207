// `tailrace top`: asks a process what it does, again and again, and shows it with its rates: as a screen, a table, or JSON.

import { systemClock } from '../clock.js';
import type { Status } from '../server/admin-status.js';
import type { Ms } from '../topic/update.js';
import { ask, ownAdminPort, refusalText, TOKEN_VARIABLE, type AdminRequest } from './admin-client.js';
import { EXIT, type ExitCode } from './exit-code.js';
import type { Output } from './output.js';
import { Screen, type TerminalStreams } from './screen.js';
import { tokenFrom } from './token-file.js';
import { ratesOf } from './top-rates.js';
import { topText } from './top-text.js';

export interface TopOptions {
  readonly config: string;
  /** Of the operator's port; left out: as the configuration says. */
  readonly url?: URL;
  readonly tokenFile?: string;
  readonly once?: boolean;
  readonly intervalMs: Ms;
  readonly timeoutMs: Ms;
  readonly json?: boolean;
}

export interface TopContext {
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
  readonly terminal: TerminalStreams;
}

/** Between the two looks of a table: long enough for rates, short enough to wait for. */
const ONCE_INTERVAL_MS: Ms = 1_000;
const WIDE = 120;

type Look = { readonly status: Status } | { readonly fault: string; readonly exit: ExitCode };

export async function top(options: TopOptions, context: TopContext): Promise<ExitCode> {
  const { output } = context;
  const own = await ownAdminPort(options.config, context.env);
  const port = options.url ?? own?.url;
  if (port === undefined) {
    output.notice('tailrace: admin.port is 0, so nobody can tell which it is; say --url');
    return EXIT.unreachable;
  }
  const token = tokenFrom(options.tokenFile, context.env, TOKEN_VARIABLE) ?? own?.token();
  const request = { url: new URL('/v1/status', port), token, timeoutMs: options.timeoutMs };
  const first = await look(request);
  if ('fault' in first) {
    output.notice(`tailrace: ${first.fault}`);
    return first.exit;
  }
  if (options.json === true) return printJson(first.status, request, options, context);
  if (options.once === true || context.terminal.stdout.isTTY !== true) {
    return printTable(first.status, request, context);
  }
  return drawScreen(first.status, request, options, context);
}

async function look(request: AdminRequest): Promise<Look> {
  const reply = await ask(request);
  if (reply.kind === 'unreachable') return { fault: reply.why, exit: EXIT.unreachable };
  if (reply.status === 200) {
    const status = statusIn(reply.text);
    if (status !== undefined) return { status };
  }
  return { fault: refusalText(reply.status, request), exit: EXIT.failed };
}

/** What answers may be something else. */
function statusIn(text: string): Status | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isStatus = typeof value === 'object' && value !== null && 'fanOut' in value && 'sessions' in value;
    return isStatus ? (value as Status) : undefined;
  } catch {
    return undefined;
  }
}

async function printTable(first: Status, request: AdminRequest, context: TopContext): Promise<ExitCode> {
  const { output, terminal } = context;
  await pause(ONCE_INTERVAL_MS);
  const second = await look(request);
  const status = 'fault' in second ? first : second.status;
  const before = 'fault' in second ? undefined : first;
  const style = { colour: isColourful(context), columns: terminal.stdout.columns ?? WIDE };
  for (const line of topText(status, ratesOf(status, before), style)) output.data(line);
  return EXIT.fine;
}

/** One object per look, without an end; `--once`: one. */
async function printJson(
  first: Status,
  request: AdminRequest,
  { once, intervalMs }: TopOptions,
  { output }: TopContext,
): Promise<ExitCode> {
  output.json(first);
  while (once !== true) {
    await pause(intervalMs);
    const next = await look(request);
    if ('status' in next) output.json(next.status);
    else {
      output.notice(`tailrace: ${next.fault}`);
      return next.exit;
    }
  }
  return EXIT.fine;
}

/** A process that does not answer may be restarting: the last that was seen stays, with a word about it. */
async function drawScreen(
  first: Status,
  request: AdminRequest,
  { intervalMs }: TopOptions,
  context: TopContext,
): Promise<ExitCode> {
  let shown = { status: first, rates: ratesOf(first, undefined), note: undefined as string | undefined };
  const draw = (): void => {
    const style = { colour: isColourful(context), columns: screen.size.columns };
    screen.draw(topText(shown.status, shown.rates, style, shown.note));
  };
  const screen = new Screen(context.terminal, draw);
  try {
    let isOver = false;
    const ended = screen.ended.then(() => (isOver = true));
    draw();
    while (!isOver) {
      await Promise.race([pause(intervalMs), ended]);
      if (isOver) break;
      const next = await look(request);
      if ('status' in next) {
        shown = { status: next.status, rates: ratesOf(next.status, shown.status), note: undefined };
      } else {
        shown = { ...shown, note: `${next.fault}; what is below is old` };
      }
      draw();
    }
  } finally {
    screen.close();
  }
  return EXIT.fine;
}

function isColourful({ env, terminal }: TopContext): boolean {
  return terminal.stdout.isTTY === true && !env['NO_COLOR'];
}

function pause(ms: Ms): Promise<void> {
  return new Promise((resolve) => void systemClock.after(ms, resolve));
}
