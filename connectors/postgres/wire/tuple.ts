// A row as pgoutput sends it: where its columns lie in the message. Holds no copy and no object per column. What the columns
// mean is not known here.

/** Before the value of a column: how it is sent. */
export const TUPLE_NULL = 0x6e;
export const TUPLE_UNCHANGED = 0x75;
export const TUPLE_TEXT = 0x74;
/** Four bytes before the text of a column. */
export const TUPLE_LENGTH_BYTES = 4;

/** Invariant: `bytes` holds `columns` well-formed columns from `start` on. Valid as long as the message is. */
export interface Tuple {
  readonly bytes: Buffer;
  /** Offset of the first column. */
  readonly start: number;
  readonly columns: number;
  /** `key`: an old key, which has null for every other column, whatever that was. */
  readonly holds: 'row' | 'key';
  /** How many columns are not sent, because they are stored out of line and the update left them alone. */
  readonly unchanged: number;
}
