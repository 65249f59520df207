// `tailrace dlq replay`: sends dead letters to the process that runs, which tries those again that are still the newest word on
// their key. The letters stay where they are.

import { identityOf, type LetterStub } from '../dead-letters/dead-letter.js';
import { letterJson } from '../dead-letters/letter-json.js';
import type { ReplayAnswer } from '../server/admin-replay.js';
import type { Ms } from '../topic/update.js';
import { ask, ownAdminPort, refusalText, TOKEN_VARIABLE, type AdminReply } from './admin-client.js';
import { errorIn, jsonIn } from './admin-answer.js';
import { chosenLetters, exitOf, type LetterChoice, type LettersContext } from './dlq-letters.js';
import { letterText, summaryText } from './dlq-text.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { tokenFrom } from './token-file.js';

export interface ReplayOptions extends LetterChoice {
  /** Of the operator's port; left out: as the configuration says. */
  readonly url?: URL;
  readonly tokenFile?: string;
  /** Print what would be sent. */
  readonly dryRun?: boolean;
  /** For the answer to one request. */
  readonly timeoutMs: Ms;
}

/** What became of the letters that were chosen. */
interface Outcomes {
  applied: number;
  superseded: number;
  rejected: number;
  unknownSource: number;
  truncated: number;
}

const BATCH_LETTERS = 100;
const BATCH_BYTES = 1024 * 1024;

/** 1 when not all that could be replayed was: rejected again, or no such source. */
export async function replayLetters(options: ReplayOptions, context: LettersContext): Promise<ExitCode> {
  const { output } = context;
  const chosen = await chosenLetters(options, context);
  if (typeof chosen === 'number') return chosen;
  const port = options.dryRun === true ? undefined : await adminPort(options, context);
  if (port === undefined && options.dryRun !== true) {
    output.notice('tailrace: admin.port is 0, so nobody can tell which it is; say --url');
    return EXIT.unreachable;
  }
  const outcomes: Outcomes = { applied: 0, superseded: 0, rejected: 0, unknownSource: 0, truncated: 0 };
  const codes = new Map<string, number>();
  try {
    for await (const batch of batches(chosen.read(), outcomes)) {
      for (const { code } of batch) codes.set(code, (codes.get(code) ?? 0) + 1);
      if (port === undefined) for (const letter of batch) output.data(letterText(letter));
      else await send(batch, port, outcomes);
    }
  } catch (error) {
    if (port !== undefined) report(outcomes, options, context);
    if (!(error instanceof NotReplayed)) return exitOf(error, output);
    output.notice(`tailrace: ${error.message}`);
    return error.exit;
  }
  for (const line of summaryText(codes, chosen.counts)) output.notice(line);
  if (port === undefined) return EXIT.fine;
  report(outcomes, options, context);
  return outcomes.rejected + outcomes.unknownSource === 0 ? EXIT.fine : EXIT.failed;
}

function report(outcomes: Outcomes, { json }: ReplayOptions, { output }: LettersContext): void {
  const { applied, superseded, rejected, unknownSource, truncated } = outcomes;
  if (json === true) return output.json(outcomes);
  output.data(
    `${applied} applied, ${superseded} superseded, ${rejected} rejected again, ${unknownSource} of a source that is not read, ${truncated} cut`,
  );
}

interface ReplayPort {
  readonly url: URL;
  readonly token: string | undefined;
  readonly timeoutMs: Ms;
}

async function adminPort(
  { config, url, tokenFile, timeoutMs }: ReplayOptions,
  { env }: LettersContext,
): Promise<ReplayPort | undefined> {
  const own = await ownAdminPort(config, env);
  const port = url ?? own?.url;
  const token = tokenFrom(tokenFile, env, TOKEN_VARIABLE) ?? own?.token();
  return port && { url: port, token, timeoutMs };
}

/** Of one source each, in order; what is cut is counted and left out. Each record once, however often it was rejected. */
async function* batches(
  letters: AsyncGenerator<LetterStub>,
  outcomes: Outcomes,
): AsyncGenerator<readonly LetterStub[]> {
  const sent = new Set<string>();
  let batch: LetterStub[] = [];
  let bytes = 0;
  for await (const letter of letters) {
    if (sent.has(identityOf(letter))) continue;
    sent.add(identityOf(letter));
    if (letter.isTruncated) {
      outcomes.truncated++;
      continue;
    }
    const size = JSON.stringify(letterJson(letter)).length;
    const isFull = batch.length >= BATCH_LETTERS || bytes + size > BATCH_BYTES;
    if (batch.length > 0 && (isFull || batch[0]?.source !== letter.source)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(letter);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** The process did not take a batch, so that the rest is not sent either. */
class NotReplayed extends Error {
  override readonly name = 'NotReplayed';
  readonly exit: ExitCode;

  constructor(message: string, exit: ExitCode) {
    super(message);
    this.exit = exit;
  }
}

async function send(
  batch: readonly LetterStub[],
  { url, token, timeoutMs }: ReplayPort,
  outcomes: Outcomes,
): Promise<void> {
  const request = {
    url: new URL(`/v1/sources/${encodeURIComponent(batch[0]?.source ?? '')}/replay`, url),
    ...{ token, timeoutMs },
    body: JSON.stringify({ letters: batch.map(letterJson) }),
  };
  const reply = await ask(request);
  if (reply.kind === 'unreachable') throw new NotReplayed(reply.why, EXIT.unreachable);
  if (reply.status === 404 && errorIn(reply.text)?.['code'] === 'not_found') {
    outcomes.unknownSource += batch.length;
    return;
  }
  const answer = answerIn(reply, batch.length);
  if (answer === undefined) throw new NotReplayed(whyNot(reply, request), EXIT.failed);
  for (const outcome of answer.outcomes) outcomes[outcome]++;
}

/** What answers may be something else. */
function answerIn(reply: Extract<AdminReply, { kind: 'answer' }>, count: number): ReplayAnswer | undefined {
  const answer = reply.status === 200 ? jsonIn(reply.text) : undefined;
  const outcomes = answer?.['outcomes'];
  if (!Array.isArray(outcomes) || outcomes.length !== count) return undefined;
  const isKnown = outcomes.every((each) => ['applied', 'superseded', 'rejected'].includes(String(each)));
  return isKnown ? { outcomes: outcomes as ReplayAnswer['outcomes'] } : undefined;
}

function whyNot(
  { status, text }: Extract<AdminReply, { kind: 'answer' }>,
  request: Parameters<typeof refusalText>[1],
): string {
  const message = errorIn(text)?.['message'];
  return status === 503 && typeof message === 'string' ? message : refusalText(status, request);
}
