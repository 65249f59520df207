// UTF-8 bytes held in a JavaScript string, one byte per character (what Node calls latin1 or binary).
// Why: the bytes of values and lines live on the JavaScript heap without a Buffer object each, compare with `===`,
// concatenate for free, and reach a socket through one native copy. docs/adr/0005 has the measurement.

declare const utf8: unique symbol;
declare const jsonText: unique symbol;

/** UTF-8 bytes, one per character, each 0x00-0xFF. Not readable text unless all ASCII: see {@link toText}. */
export type Utf8 = string & { readonly [utf8]: true };

/** A whole, valid JSON document as UTF-8 bytes. Made only by a decoder that has validated it, or by `stringifyJson`. */
export type JsonText = Utf8 & { readonly [jsonText]: true };

/** The bytes `[start, end)` of a buffer, copied. */
export function utf8FromBytes(bytes: Buffer, start = 0, end = bytes.length): Utf8 {
  return bytes.toString('latin1', start, end) as Utf8;
}

/** The bytes of a JavaScript string. A lone surrogate becomes U+FFFD, as in Buffer.from. */
export function utf8FromText(text: string): Utf8 {
  return (isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')) as Utf8;
}

/** The JavaScript string that the bytes stand for. */
export function toText(bytes: Utf8): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

export function toBuffer(bytes: Utf8): Buffer {
  return Buffer.from(bytes, 'latin1');
}

function isAscii(text: string): boolean {
  return !/[^\x00-\x7f]/.test(text);
}
