// The items of one body, as all formats give them.

/** Their JSON texts lie in `bytes`, which are the body, or made of it. Item i is from 0 to `count` - 1, in the order of the body. */
export interface PageItems {
  readonly bytes: Buffer;
  readonly count: number;
  /** undefined: it has none, as it is not there, is empty, or is neither a string nor a number. */
  key(i: number): string | undefined;
  /** Of the JSON text in `bytes`. */
  start(i: number): number;
  end(i: number): number;
  /**
   * What `itemFields[n]` of the settings points to in the item: a string decoded, a number as it is written, `true`, `false`.
   * undefined: nothing is there, or null, an object or an array.
   */
  field(i: number, n: number): string | undefined;
  /** The same of `bodyFields[n]`, in the whole body. Formats of lines have none. */
  fact(n: number): string | undefined;
}
