// Values that Postgres keeps out of line ("TOAST") and leaves out of an update that does not touch them. Those that were seen are
// kept here within a budget, so that such an update is whole without asking the server. What is not here is asked for: reselect.ts.

/** JSON texts by index of the column. */
export type ColumnTexts = ReadonlyMap<number, Buffer>;

interface Entry {
  readonly oid: number;
  readonly texts: ColumnTexts;
  readonly bytes: number;
}

/** What an entry costs beside its texts and key: maps, buffers and their heads. */
const ENTRY_BYTES = 300;
const TEXT_BYTES = 120;

/**
 * Invariant: what is kept of a row is what its newest change said of it, as all of a row goes at once and every change replaces
 * it; and all entries together are within the budget. The least recently used go first.
 */
export class ToastMemory {
  readonly #budget: number;
  /** In order of use, oldest first. */
  readonly #entries = new Map<string, Entry>();
  readonly #countByTable = new Map<number, number>();
  #bytes = 0;

  /** `budget`: bytes. */
  constructor(budget: number) {
    this.#budget = budget;
  }

  /** What is held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether it has anything of the table: where not, nothing needs to be forgotten of it. */
  hasAnyOf(oid: number): boolean {
    return (this.#countByTable.get(oid) ?? 0) > 0;
  }

  /** undefined: nothing is known of the row. `key`: as the record has it. */
  of(oid: number, key: Buffer): ColumnTexts | undefined {
    const name = nameOf(oid, key);
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return entry.texts;
  }

  /** The row has these now, and nothing else that is worth keeping. The texts are copied; the map is not to be changed after. */
  keep(oid: number, key: Buffer, texts: ColumnTexts): void {
    const name = nameOf(oid, key);
    this.#remove(name);
    if (texts.size === 0) return;
    let length = 0;
    for (const text of texts.values()) length += text.length;
    const bytes = ENTRY_BYTES + name.length + TEXT_BYTES * texts.size + length;
    if (bytes > this.#budget) return;
    this.#entries.set(name, { oid, texts: copyOf(texts, length), bytes });
    this.#countByTable.set(oid, (this.#countByTable.get(oid) ?? 0) + 1);
    this.#bytes += bytes;
    while (this.#bytes > this.#budget) this.#removeOldest();
  }

  /** The row is gone, or nothing is certain of it any more. */
  forget(oid: number, key: Buffer): void {
    this.#remove(nameOf(oid, key));
  }

  /** Every row of the table is gone. */
  forgetTable(oid: number): void {
    if (!this.hasAnyOf(oid)) return;
    for (const [name, entry] of this.#entries) if (entry.oid === oid) this.#remove(name);
  }

  #removeOldest(): void {
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#remove(oldest.value);
  }

  #remove(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    this.#countByTable.set(entry.oid, (this.#countByTable.get(entry.oid) ?? 1) - 1);
    this.#bytes -= entry.bytes;
  }
}

/** In memory of its own: pieces of a shared pool would hold far more than they count. */
function copyOf(texts: ColumnTexts, length: number): ColumnTexts {
  const memory = Buffer.allocUnsafeSlow(length);
  const copies = new Map<number, Buffer>();
  let at = 0;
  for (const [column, text] of texts) {
    const end = at + text.copy(memory, at);
    copies.set(column, memory.subarray(at, end));
    at = end;
  }
  return copies;
}

function nameOf(oid: number, key: Buffer): string {
  return `${oid}:${key.toString('latin1')}`;
}
