// `tailrace cat`: what one client sees of a filter, a JSON line per change, for people, pipes and tests of an installation.

import { systemClock } from '../clock.js';
import { CloseCode, mayReconnect } from '../protocol/close-codes.js';
import { Tag } from '../protocol/data-lines.js';
import { parseFilter } from '../topic/filter.js';
import type { Ms } from '../topic/update.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { HeldValues, type DataLine } from '../receiver/held-values.js';
import { quiet, type Output } from './output.js';
import {
  StreamClient,
  type ControlLine,
  type StreamEnd,
  type StreamListener,
} from '../receiver/stream-client.js';
import { tokenFrom } from './token-file.js';

export interface CatOptions {
  readonly filter: string;
  readonly url: URL;
  readonly tokenFile?: string;
  /** End after so many lines. */
  readonly number?: number;
  /** End when all that existed has been printed. */
  readonly untilReady?: boolean;
  /** Print the lines of the wire. */
  readonly deltas?: boolean;
  /** For what is waited for: the lines, the end of the snapshot, or else the first line. */
  readonly timeoutMs?: Ms | undefined;
  readonly quiet?: boolean;
}

export interface CatContext {
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
}

/** How it came to its end, and what is to be said about it. */
interface Outcome {
  readonly exit: ExitCode;
  readonly notice?: string;
}

const VARIABLE = 'TAILRACE_TOKEN';

export async function cat(options: CatOptions, context: CatContext): Promise<ExitCode> {
  const output = options.quiet === true ? quiet(context.output) : context.output;
  const filter = parseFilter(options.filter);
  if (!filter.ok) {
    output.notice(`tailrace: the filter ${filter.fault}`);
    return EXIT.usage;
  }
  const token = tokenFrom(options.tokenFile, context.env, VARIABLE);
  const printer = new Printer(options, output);
  const client = new StreamClient({
    ...{ clock: systemClock, url: options.url, token, filters: [filter.filter], listener: printer },
  });
  printer.resync = (alias) => client.resync(alias);
  const ended = client.ended.then((end) =>
    outcomeOf(end, { url: options.url, hasToken: token !== undefined }),
  );
  const { exit, notice } = await Promise.race([printer.outcome, ended]);
  client.close();
  if (notice !== undefined) output.notice(`tailrace: ${notice}`);
  return exit;
}

/** Invariant: nothing is printed once the outcome is there. */
class Printer implements StreamListener {
  readonly outcome: Promise<Outcome>;
  resync: (alias: number) => void = () => undefined;
  readonly #options: CatOptions;
  readonly #output: Output;
  readonly #held: HeldValues;
  #settle: (outcome: Outcome) => void = () => undefined;
  #isOver = false;
  #lines = 0;
  #cancel = (): void => undefined;

  constructor(options: CatOptions, output: Output) {
    const { timeoutMs } = options;
    this.#options = options;
    this.#output = output;
    this.outcome = new Promise((resolve) => (this.#settle = resolve));
    this.#held = new HeldValues({
      changed: (change) => options.deltas !== true && this.#print(JSON.stringify(change)),
      lost: (alias) => this.resync(alias),
    });
    if (timeoutMs === undefined) return;
    this.#cancel = systemClock.after(timeoutMs, () =>
      this.#end({ exit: EXIT.failed, notice: this.#missing() }),
    );
  }

  data(line: DataLine, text: string): void {
    if (this.#isOver) return;
    if (line[0] === Tag.SourceStale)
      this.#output.notice('tailrace: a source is not current: values may be old');
    if (line[0] === Tag.SourceFresh) this.#output.notice('tailrace: the source is current again');
    if (this.#options.deltas === true && line[0] <= Tag.Delete) this.#print(text);
    this.#held.take(line);
  }

  control(line: ControlLine): void {
    if (this.#isOver) return;
    if (line.error !== undefined) return this.#refused(line.error);
    switch (line.op) {
      case 'subscribed':
        if (line.rights === 'none') this.#end(denied(this.#options.filter));
        return;
      case 'reset':
        if (typeof line.x === 'number') this.#held.forget(line.x);
        else this.#held.doubt();
        return;
      case 'end':
        this.#held.sweep();
        if (this.#options.untilReady === true) this.#end({ exit: EXIT.fine });
        return;
      case 'limit':
        return this.#end({
          exit: EXIT.failed,
          notice: 'the filter shows more paths than one subscription may',
        });
      case 'lagging':
        return this.#output.notice('tailrace: read too slowly: changes are merged from here on');
      case 'caught-up':
        return this.#output.notice(`tailrace: caught up; ${line.conflated ?? 0} changes were merged`);
      default:
        return;
    }
  }

  gap(): void {
    this.#held.loseAll();
  }

  #print(text: string): void {
    if (this.#isOver) return;
    this.#output.data(text);
    this.#lines += 1;
    const { number, untilReady, timeoutMs } = this.#options;
    if (number !== undefined && this.#lines >= number) this.#end({ exit: EXIT.fine });
    else if (number === undefined && untilReady !== true && timeoutMs !== undefined) this.#cancel();
  }

  /** The close code behind it says the same, later and in fewer words. */
  #refused({ code, message }: NonNullable<ControlLine['error']>): void {
    if (code === 'bad_token' || code === 'unauthenticated' || code === 'unavailable') return;
    this.#end({ exit: EXIT.failed, notice: `refused: ${message} (${code})` });
  }

  #missing(): string {
    const { number, untilReady, timeoutMs } = this.#options;
    const after = `within ${timeoutMs ?? 0} ms`;
    if (untilReady === true) return `the values that exist did not all come ${after}`;
    return number === undefined ? `nothing came ${after}` : `${this.#lines} of ${number} lines came ${after}`;
  }

  #end(outcome: Outcome): void {
    this.#isOver = true;
    this.#cancel();
    this.#settle(outcome);
  }
}

function denied(filter: string): Outcome {
  return { exit: EXIT.failed, notice: `no rule lets this session see any path of ${filter}` };
}

function outcomeOf(end: StreamEnd, asked: { readonly url: URL; readonly hasToken: boolean }): Outcome {
  switch (end.why) {
    case 'refused':
      return { exit: EXIT.unreachable, notice: refusedText(end, asked.url) };
    case 'silent':
      return { exit: EXIT.unreachable, notice: 'nothing is heard of the server any more' };
    case 'not the protocol':
      return { exit: EXIT.failed, notice: 'what answers does not speak this protocol' };
    case 'closed': {
      const exit =
        mayReconnect(end.code) && end.code !== CloseCode.TokenExpired ? EXIT.unreachable : EXIT.failed;
      return { exit, notice: `${closeText(end, asked.hasToken)} (${end.code})` };
    }
  }
}

function refusedText(
  { status, message }: Extract<StreamEnd, { why: 'refused' }>,
  { host, pathname }: URL,
): string {
  if (status === undefined) return message;
  if (status === 404) return `${host} has no stream at ${pathname}`;
  return `${host} refused the connection with ${status}${message === '' ? '' : `: ${message}`}`;
}

function closeText({ code, reason }: Extract<StreamEnd, { why: 'closed' }>, hasToken: boolean): string {
  switch (code) {
    case CloseCode.BadToken:
      return hasToken ? 'the token was refused; the log of the server says why' : NO_TOKEN;
    case CloseCode.TokenExpired:
      return 'the token has expired';
    case CloseCode.Restart:
      return 'the server stops or restarts';
    case CloseCode.Overloaded:
      return 'the server takes no more sessions, or cannot check tokens, at present';
    case CloseCode.Slow:
      return 'what was sent was not read in time';
    case CloseCode.Kicked:
      return 'an operator ended the session';
    case 1005:
    case 1006:
      return 'the connection broke';
    default:
      return reason === ''
        ? 'the server closed the connection'
        : `the server closed the connection: ${reason}`;
  }
}

const NO_TOKEN = `the server lets nobody in without a token: say --token-file, or set ${VARIABLE}`;
