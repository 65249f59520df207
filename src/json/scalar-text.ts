// A scalar of a JSON text as text: for keys and conditions, which do not tell 7 from "7".

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Of the value at [start, end): a string decoded, a number as it is written, `true`, `false`. undefined: null, an object, an
 * array, or a string that holds half a character, which has no UTF-8.
 */
export function scalarText(bytes: Buffer, start: number, end: number): string | undefined {
  switch (bytes[start]) {
    case QUOTE:
      return stringText(bytes, start, end);
    case 0x6e: // null
    case 0x7b:
    case 0x5b:
      return undefined;
    default:
      return bytes.toString('latin1', start, end);
  }
}

/** Of the string at [start, end), quotes included. */
function stringText(bytes: Buffer, start: number, end: number): string | undefined {
  let isAscii = true;
  for (let at = start + 1; at < end - 1; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === BACKSLASH) {
      const text = JSON.parse(bytes.toString('utf8', start, end)) as string;
      return text.isWellFormed() ? text : undefined;
    }
    if (byte >= 0x80) isAscii = false;
  }
  return bytes.toString(isAscii ? 'latin1' : 'utf8', start + 1, end - 1);
}
