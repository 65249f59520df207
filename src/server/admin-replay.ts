// `POST /v1/sources/:source/replay`: dead letters that a source should try again. What becomes of each is the source's to say.

import type { SourceRecord } from '../../connectors/contract.js';
import type { LetterStub } from '../dead-letters/dead-letter.js';
import { letterFromJson } from '../dead-letters/letter-json.js';
import { SchemasUnavailable } from '../decode/decoder.js';
import { refusal, type Answer } from './admin-api.js';
import type { AdminRequest, AdminSuppliers } from './admin-routes.js';

/** A dead letter as a record again. */
export interface LetterToReplay extends SourceRecord {
  readonly topic: string;
  readonly partition: number;
}

/**
 * Tries records again, in order; one outcome each. `superseded`: something newer has been read of its key. Rejects with
 * SchemasUnavailable while a schema that is needed cannot be asked for.
 */
export type Replay = (
  records: readonly LetterToReplay[],
) => Promise<readonly ('applied' | 'superseded' | 'rejected')[]>;

/** What the answer is. */
export interface ReplayAnswer {
  /** In the order of the letters. */
  readonly outcomes: Awaited<ReturnType<Replay>>;
}

export const MAX_REPLAY_BYTES = 4 * 1024 * 1024;
/** Of one request: they are tried before it is answered. */
export const MAX_REPLAY_LETTERS = 500;

export async function replay(from: AdminSuppliers, { parameters, body }: AdminRequest): Promise<Answer> {
  const { source = '' } = parameters;
  const tryAgain = from.replay?.(source);
  if (tryAgain === undefined) {
    return refusal(404, { code: 'not_found', message: 'no source of this name is being read' });
  }
  const letters = lettersIn(body);
  const fault = letters === undefined ? 'the body must be { "letters": [...] }' : faultOf(letters, source);
  if (letters === undefined || fault !== undefined) {
    return refusal(400, { code: 'malformed', message: fault ?? '' });
  }
  try {
    const outcomes = await tryAgain(letters.flatMap((letter) => (letter ? [recordOf(letter)] : [])));
    const answer: ReplayAnswer = { outcomes };
    return { status: 200, body: answer };
  } catch (error) {
    if (!(error instanceof SchemasUnavailable)) throw error;
    return refusal(503, { code: 'busy', message: error.message });
  }
}

/** undefined: it is not of that form. What is no letter is undefined within it. */
function lettersIn(body: Buffer): readonly (LetterStub | undefined)[] | undefined {
  try {
    const document: unknown = JSON.parse(body.toString('utf8'));
    const isMapping = typeof document === 'object' && document !== null && 'letters' in document;
    if (!isMapping || !Array.isArray(document.letters)) return undefined;
    return document.letters.map(letterFromJson);
  } catch {
    return undefined;
  }
}

function faultOf(letters: readonly (LetterStub | undefined)[], source: string): string | undefined {
  if (letters.length > MAX_REPLAY_LETTERS) return `a request has at most ${MAX_REPLAY_LETTERS} letters`;
  const wrong = letters.findIndex((letter) => letter?.source !== source || letter.isTruncated);
  if (wrong < 0) return undefined;
  return `letters[${wrong}] is ${letters[wrong]?.isTruncated === true ? 'truncated' : 'no letter of this source'}`;
}

function recordOf({
  topic,
  partition,
  offset,
  key,
  value,
  headers,
  timestampMs,
}: LetterStub): LetterToReplay {
  return {
    topic,
    partition,
    offset,
    key,
    value,
    headers: headers.length === 0 ? undefined : headers,
    timestampMs,
  };
}
