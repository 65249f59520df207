// The verbs that ask a process that runs: health, top, confirm and cat. Their options and their help; program.ts has the others.

import { InvalidArgumentError, type Command } from 'commander';
import type { Ms } from '../topic/update.js';
import { EXIT_CODES, type ExitCode } from './exit-code.js';
import { duration, urlOption, wholeNumber } from './option-values.js';
import type { Output } from './output.js';
import type { TerminalStreams } from './screen.js';

/** What these verbs touch outside themselves. */
export interface LiveContext {
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
  /** For what is drawn on a terminal, and its keys. */
  readonly terminal: TerminalStreams;
}

type Done = (code: ExitCode) => void;

export function addLiveVerbs(program: Command, context: LiveContext, done: Done): void {
  addHealth(program, context, done);
  addTop(program, context, done);
  addConfirm(program, context, done);
  addCat(program, context, done);
}

function addHealth(program: Command, context: LiveContext, done: Done): void {
  asking(program, 'health', 'say whether the process beside this one is ready: for probes')
    .option('--live', 'whether it is alive, though it may load or drain')
    .option('--timeout <duration>', 'how long it may take to answer', duration, 3_000)
    .addHelpText('after', HEALTH_HELP)
    .action(async (flags: { config: string; url?: URL; live?: boolean; timeout: Ms; json?: boolean }) => {
      const { health } = await import('./health.js');
      done(await health({ ...flags, timeoutMs: flags.timeout }, context));
    });
}

function addTop(program: Command, context: LiveContext, done: Done): void {
  asking(
    program,
    'top',
    'show what a process does: sources, fan-out, and the sessions that are furthest behind',
  )
    .option('--token-file <file>', ADMIN_TOKEN_FILE)
    .option('--once', 'once, and not again')
    .option('--interval <duration>', 'between two looks', interval, 2_000)
    .option('--timeout <duration>', 'how long it may take to answer', duration, 3_000)
    .addHelpText('after', TOP_HELP)
    .action(
      async (flags: {
        config: string;
        url?: URL;
        tokenFile?: string;
        once?: boolean;
        interval: Ms;
        timeout: Ms;
        json?: boolean;
      }) => {
        const { top } = await import('./top.js');
        done(await top({ ...flags, intervalMs: flags.interval, timeoutMs: flags.timeout }, context));
      },
    );
}

function addConfirm(program: Command, context: LiveContext, done: Done): void {
  asking(program, 'confirm', 'let through what a source holds back because it looks like a fault of its feed')
    .argument('<source>', 'name of the source')
    .option('--token-file <file>', ADMIN_TOKEN_FILE)
    .option('--timeout <duration>', 'how long it may take to answer', duration, 3_000)
    .addHelpText('after', CONFIRM_HELP)
    .action(
      async (
        source: string,
        flags: { config: string; url?: URL; tokenFile?: string; timeout: Ms; json?: boolean },
      ) => {
        const { confirm } = await import('./confirm.js');
        done(await confirm({ ...flags, source, timeoutMs: flags.timeout }, context));
      },
    );
}

function addCat(program: Command, context: LiveContext, done: Done): void {
  const command = program.command('cat');
  command
    .description('print the values of a filter as they change, as a client sees them')
    .argument('<filter>', "such as 'prices/*/spot' or 'orders/**'")
    .option('--url <url>', 'of the stream', streamUrl(command), new URL('ws://127.0.0.1:8080/v1/stream'))
    .option('--token-file <file>', 'a JWT; left out: TAILRACE_TOKEN, or none')
    .option('-n, --number <count>', 'end after so many lines', wholeNumber)
    .option('--until-ready', 'end when everything that exists has been printed')
    .option('-D, --deltas', 'print the lines of the wire as they come')
    .option('--timeout <duration>', 'fail if what is waited for has not come by then', duration)
    .option('--quiet', 'leave out notices')
    .addHelpText('after', CAT_HELP)
    .action(
      async (
        filter: string,
        flags: {
          url: URL;
          tokenFile?: string;
          number?: number;
          untilReady?: boolean;
          deltas?: boolean;
          timeout?: Ms;
          quiet?: boolean;
        },
      ) => {
        const { cat } = await import('./cat.js');
        done(await cat({ ...flags, filter, timeoutMs: flags.timeout }, context));
      },
    );
}

/** A verb that asks the operator's port. */
function asking(program: Command, name: string, description: string): Command {
  const command = program.command(name);
  return command
    .description(description)
    .option('-c, --config <file>', 'where the admin port is; need not be there', 'tailrace.yaml')
    .option('--url <url>', 'of the admin port; left out: as the configuration says', httpUrl(command))
    .option('--json', 'one JSON object per line');
}

function interval(text: string): Ms {
  const ms = duration(text);
  if (ms < 200) throw new InvalidArgumentError('It must be 200ms or more.');
  return ms;
}

function httpUrl(command: Command): (text: string) => URL {
  return (text) =>
    urlOption(text, { command, protocols: ['http:', 'https:'], example: 'http://127.0.0.1:9090' });
}

/** A bare host is meant as its stream. */
function streamUrl(command: Command): (text: string) => URL {
  return (text) => {
    const stream = urlOption(text.replace(/^http/, 'ws'), {
      command,
      protocols: ['ws:', 'wss:'],
      example: 'ws://127.0.0.1:8080/v1/stream',
    });
    if (stream.pathname === '/') stream.pathname = '/v1/stream';
    return stream;
  };
}

const ADMIN_TOKEN_FILE = 'the admin token; left out: TAILRACE__ADMIN__TOKEN, or as the configuration says';

const HEALTH_HELP = `
Examples:
  tailrace health                               ready: 0, not ready: 1, nobody answers: 69
  tailrace health --live                        alive: 0, also while it loads or drains
  HEALTHCHECK CMD ["node", "/app/dist/src/main.js", "health", "-c", "/etc/tailrace/tailrace.yaml"]
${EXIT_CODES}`;

const TOP_HELP = `
Examples:
  tailrace top                                  q ends it
  tailrace top --once                           a table for a pipe or a ticket
  tailrace top --json | jq .sessions            totals since the start, as GET /v1/status has them
  kubectl exec deploy/tailrace -- node dist/src/main.js top --once -c /etc/tailrace/tailrace.yaml
${EXIT_CODES}`;

const CONFIRM_HELP = `
Examples:
  tailrace confirm stations                     its feed shrank to half, and that is right: do not wait for more polls
  tailrace confirm stations --json | jq .confirmed
  kubectl exec deploy/tailrace -- node dist/src/main.js confirm stations -c /etc/tailrace/tailrace.yaml

What is held back is in the source's state: tailrace top, GET /v1/status. 0 as well when nothing is held back (any more).
${EXIT_CODES}`;

const CAT_HELP = `
Examples:
  tailrace cat 'prices/**' --until-ready        what there is now: {"path","value","version","at"} a line
  tailrace cat 'orders/7/*' -n 1 --timeout 10s  fails unless a value comes
  tailrace cat 'prices/*' --url wss://stream.example --token-file jwt.txt
  tailrace cat 'prices/*' -D                    the lines of the wire: src/protocol/PROTOCOL.md

A path that is gone is {"path","deleted":true,"version"}. Quote filters, or the shell takes the stars.
${EXIT_CODES}`;
