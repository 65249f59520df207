// An answer that came, and cannot be believed: nothing of it is used, and what was published before stays.

/**
 * The message is for operators: what is wrong, where, and what to do. It never holds data of the feed, so that it can go into
 * logs and to subscribers.
 */
export class BadFeed extends Error {
  override readonly name = 'BadFeed';
}

/** The place of a byte as people look for it: `byte 120 (line 3)`, both counted from 1. */
export function placeOf(body: Buffer, at: number): string {
  let line = 1;
  for (let end = body.indexOf(LINE_END); end >= 0 && end < at; end = body.indexOf(LINE_END, end + 1)) line++;
  return `byte ${at + 1} (line ${line})`;
}

const LINE_END = 0x0a;
