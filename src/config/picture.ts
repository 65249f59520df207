// The line of the file that a finding is about, with a caret under the place. Hides what may be a secret: values under
// secret names, values that a finding conceals, anchors and what they stand for, comments, user-info of URLs; and in a file
// that cannot be parsed, where no value has a name, every word that is no option's.

import { isSecretName, scrubText } from '../telemetry/scrub.js';
import type { ConfigDocument, KeyPath, ScalarPlace, Span } from './document.js';
import { pointerOf } from './interpolation.js';

const WIDTH = 96;
/** Of a longer line so much is looked at on each side: a token that begins earlier than the picture is still seen as one. */
const MARGIN = 16_384;

export interface PictureOptions {
  /** Where the option is described, put beside the caret. */
  readonly docs: string;
  /** Pointers of what may be a secret, with all below it. */
  readonly concealed: ReadonlySet<string>;
  /** Dot out all words but these. */
  readonly dotted: ReadonlySet<string> | undefined;
}

/** Two lines of text without a newline at the end. */
export function pictureOf(document: ConfigDocument, span: Span, options: PictureOptions): string {
  const { line, column } = document.positionOf(span.start);
  const newline = document.text.indexOf('\n', span.start);
  const end = newline === -1 ? document.text.length : newline;
  const caretAt = column - 1;
  const from = caretAt > WIDTH - 20 ? caretAt - 40 : 0;
  const lineStart = span.start - caretAt;
  const near = {
    start: lineStart + Math.max(0, from - MARGIN),
    end: Math.min(end, lineStart + from + MARGIN),
  };
  const shown = options.dotted
    ? dotOut(document.text.slice(near.start, near.end), options.dotted)
    : withoutSecrets(document, near, options.concealed);

  const shift = from - (near.start - lineStart);
  const text = visible(shown.slice(shift, shift + WIDTH)).trimEnd();
  const length = Math.max(1, Math.min(span.end, end) - span.start, 1);
  const carets = '^'.repeat(Math.min(length, WIDTH - (caretAt - from)));
  const number = String(line).padStart(4);
  return `${number} | ${text}\n${' '.repeat(number.length)} | ${' '.repeat(caretAt - from)}${carets}   ${options.docs}`;
}

/** Shows what is known to be harmless and stars out the rest, anchors and tags too; drops comments. Keeps every column. */
function withoutSecrets(document: ConfigDocument, line: Span, concealed: ReadonlySet<string>): string {
  const text = document.text.slice(line.start, line.end);
  const shown = text.split('');
  const outside = shown.map(() => true);
  for (const scalar of document.scalars()) {
    const from = Math.max(0, scalar.span.start - line.start);
    const to = Math.min(text.length, scalar.span.end - line.start);
    if (from >= to) continue;
    const isHiddenHere = isHidden(scalar, concealed);
    for (let at = from; at < to; at++) {
      outside[at] = false;
      if (isHiddenHere) shown[at] = '*';
    }
  }
  const comment = outside.findIndex(
    (isOutside, at) => isOutside && text[at] === '#' && /^\s?$/.test(text[at - 1] ?? ''),
  );
  const masked = shown.map((character, at) =>
    outside[at] && !/[\s{}[\],:?|>-]/.test(character) ? '*' : character,
  );
  const kept = comment === -1 ? masked : masked.slice(0, comment);
  return scrubText(kept.join(''));
}

/** Keys are shown, but those that look like nothing that a person would name an option. */
function isHidden(scalar: ScalarPlace, concealed: ReadonlySet<string>): boolean {
  const isConcealed = scalar.path.some((_, index) =>
    concealed.has(pointerOf(scalar.path.slice(0, index + 1))),
  );
  if (scalar.isKey) return isConcealed && !isPlainName(String(scalar.path.at(-1)));
  return isConcealed || scalar.isAnchored || isSecret(scalar.path);
}

/** Whether a key may be quoted: `secret:hunter2` (a forgotten blank) may not. */
export function isPlainName(key: string): boolean {
  return /^[A-Za-z][\w-]{0,40}$/.test(key);
}

/** `secret: { env: NAME }` shows the name: that is no secret. */
function isSecret(path: KeyPath): boolean {
  const last = path.at(-1);
  const isReference = last === 'env' || last === 'file';
  return !isReference && path.some((step) => typeof step === 'string' && isSecretName(step));
}

function dotOut(text: string, known: ReadonlySet<string>): string {
  return text.replace(/[^\s{}[\],:#'"-]+/g, (word) => (known.has(word) ? word : '·'.repeat(word.length)));
}

function visible(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g, ' ');
}
