// `tailrace confirm`: tells the process that runs that what a source holds back is right, and says what comes of it.

import type { Ms } from '../topic/update.js';
import { errorIn, jsonIn } from './admin-answer.js';
import { ask, ownAdminPort, refusalText, TOKEN_VARIABLE } from './admin-client.js';
import { EXIT, type ExitCode } from './exit-code.js';
import type { LiveContext } from './live-verbs.js';
import { printable } from './printable.js';
import { tokenFrom } from './token-file.js';

export interface ConfirmOptions {
  /** Name of the source. */
  readonly source: string;
  readonly config: string;
  /** Of the operator's port; left out: as the configuration says. */
  readonly url?: URL;
  readonly tokenFile?: string;
  readonly timeoutMs: Ms;
  readonly json?: boolean;
}

/** 0: there is nothing held back any more. */
export async function confirm(options: ConfirmOptions, context: LiveContext): Promise<ExitCode> {
  const { source, timeoutMs } = options;
  const { output, env } = context;
  const own = await ownAdminPort(options.config, env);
  const port = options.url ?? own?.url;
  if (port === undefined) {
    output.notice('tailrace: admin.port is 0, so nobody can tell which it is; say --url');
    return EXIT.unreachable;
  }
  const request = {
    url: new URL(`/v1/sources/${encodeURIComponent(source)}/confirm`, port),
    token: tokenFrom(options.tokenFile, env, TOKEN_VARIABLE) ?? own?.token(),
    timeoutMs,
    body: '{}',
  };
  const reply = await ask(request);
  if (reply.kind === 'unreachable') {
    output.notice(`tailrace: ${reply.why}`);
    return EXIT.unreachable;
  }
  const answer = reply.status === 200 ? jsonIn(reply.text)?.['confirmed'] : undefined;
  if (answer !== null && typeof answer !== 'string') {
    output.notice(`tailrace: ${whyNot(source, reply) ?? refusalText(reply.status, request)}`);
    return EXIT.failed;
  }
  if (options.json === true) output.json({ source, confirmed: answer });
  else output.data(`${printable(source)}: ${answer === null ? 'nothing is held back' : printable(answer)}`);
  return EXIT.fine;
}

/** Of the answers that are this route's own; undefined: it is another. */
function whyNot(
  source: string,
  { status, text }: { readonly status: number; readonly text: string },
): string | undefined {
  const code = errorIn(text)?.['code'];
  if (status === 501 && code === 'not_available')
    return `${printable(source)} is of a type that never holds anything back`;
  if (status === 404 && code === 'not_found')
    return `no source ${printable(source)} is being read there; tailrace top lists them`;
  return undefined;
}
