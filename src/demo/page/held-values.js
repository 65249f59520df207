// What a client holds: the current value of every path that it may see, kept by the data lines of `tailrace.v1.json`.
// Knows nothing of sockets; tailrace-client.js feeds it.

import { applyMerge, applyPatch } from './apply-delta.js';

/** First element of a data line. */
export const Tag = {
  Keyframe: 0,
  Full: 1,
  Merge: 2,
  Patch: 3,
  Delete: 4,
  Stale: 5,
  Fresh: 6,
  SourceStale: 7,
  SourceFresh: 8,
  AtomicBegin: 9,
  AtomicEnd: 10,
};

/** Invariant: an entry is what the server last said of its path. Deltas that do not fit are not applied but asked for anew. */
export class HeldValues {
  /** path -> { path, value, version, at, isStale }. `value` is undefined once the path is gone. */
  entries = new Map();

  #aliases = new Map();
  #staleSources = new Set();
  #unconfirmed = new Set();
  /** The lines of a bracket that has not ended. */
  #bracket;
  /** While the lines of a bracket are applied: entry -> tag of the last line that changed it. */
  #changed;
  #onChange;
  #onBracket;
  #onMismatch;

  /**
   * `onChange(entry, tag)` after each value or delete, of a bracket when all of it has been applied, and then `onBracket(entries)`;
   * `onMismatch(alias)` where a delta does not fit.
   */
  constructor({ onChange, onBracket = () => undefined, onMismatch }) {
    this.#onChange = onChange;
    this.#onBracket = onBracket;
    this.#onMismatch = onMismatch;
  }

  /** Whether some source says that it is not current. */
  get isStale() {
    return this.#staleSources.size > 0;
  }

  /** Takes one data line. Those about paths that stand in a bracket are applied at its end, together. */
  apply(line) {
    const [tag] = line;
    if (tag === Tag.AtomicBegin) this.#bracket = [];
    else if (tag === Tag.AtomicEnd) this.#endBracket();
    else if (this.#bracket !== undefined && tag <= Tag.Fresh) this.#bracket.push(line);
    else this.#apply(line);
  }

  #apply(line) {
    const [tag, subject] = line;
    switch (tag) {
      case Tag.Keyframe:
        return this.#keyframe(line);
      case Tag.Full:
        return this.#full(line);
      case Tag.Merge:
      case Tag.Patch:
        return this.#delta(line);
      case Tag.Delete:
        return this.#remove(this.#aliases.get(subject), line[3]);
      case Tag.Stale:
      case Tag.Fresh:
        return this.#mark(subject, tag === Tag.Stale);
      case Tag.SourceStale:
        return subject.forEach((x) => this.#staleSources.add(x));
      case Tag.SourceFresh:
        return subject.forEach((x) => this.#staleSources.delete(x));
    }
  }

  /** The connection is gone: values stay, but each has to be confirmed by the next one's snapshot, whatever its version. */
  disconnected() {
    this.#aliases.clear();
    this.#staleSources.clear();
    this.doubt();
  }

  /** What comes again of these, by the end of a snapshot, is confirmed. Without a filter: all. */
  doubt(filter = '**') {
    this.#bracket = undefined; // what is to come is given anew
    for (const entry of this.entries.values()) if (matches(filter, entry.path)) this.#unconfirmed.add(entry);
  }

  /** The snapshot of this filter is complete: what it did not confirm is gone. */
  sweep(filter) {
    for (const entry of this.#unconfirmed) if (matches(filter, entry.path)) this.#forget(entry);
  }

  /** The log of a source began anew. */
  forgetSource(x) {
    for (const entry of this.entries.values()) if (entry.x === x) this.#forget(entry);
  }

  #keyframe([tag, alias, version, x, , path, value, at]) {
    const entry = this.entries.get(path) ?? { path, isStale: false };
    this.#unconfirmed.delete(entry);
    if (this.#aliases.get(alias) === entry && entry.version > version) return;
    entry.x = x;
    this.#aliases.set(alias, entry);
    this.entries.set(path, entry);
    this.#set(entry, tag, { version, value, at });
  }

  #full([tag, alias, version, value, at]) {
    const entry = this.#aliases.get(alias);
    if (entry?.value === undefined) this.#onMismatch(alias);
    else if (entry.version < version) this.#set(entry, tag, { version, value, at });
  }

  /** A delta fits what is held iff `to - span <= held < to`. */
  #delta([tag, alias, to, span, change, at]) {
    const entry = this.#aliases.get(alias);
    if (entry?.value === undefined || entry.version < to - span) return this.#onMismatch(alias);
    if (entry.version >= to) return; // known already
    const value = tag === Tag.Merge ? applyMerge(entry.value, change) : applyPatch(entry.value, change);
    this.#set(entry, tag, { version: to, value, at });
  }

  #set(entry, tag, news) {
    Object.assign(entry, news);
    this.#tell(entry, tag);
  }

  #tell(entry, tag) {
    if (this.#changed === undefined) this.#onChange(entry, tag);
    else this.#changed.set(entry, tag);
  }

  #remove(entry, at) {
    if (entry?.value === undefined) return;
    this.entries.delete(entry.path);
    entry.value = undefined;
    entry.at = at;
    this.#tell(entry, Tag.Delete);
  }

  #forget(entry) {
    this.#unconfirmed.delete(entry);
    this.#remove(entry, entry.at);
  }

  #mark(alias, isStale) {
    const entry = this.#aliases.get(alias);
    if (entry !== undefined) entry.isStale = isStale;
  }

  #endBracket() {
    const lines = this.#bracket ?? [];
    const changed = (this.#changed = new Map());
    this.#bracket = undefined;
    lines.forEach((line) => this.#apply(line));
    this.#changed = undefined;
    changed.forEach((tag, entry) => this.#onChange(entry, tag));
    this.#onBracket([...changed.keys()]);
  }
}

/** `*` is one segment, `**` (last) any number of them. */
function matches(filter, path) {
  const segments = path.split('/');
  const wanted = filter.split('/');
  const isOpen = wanted.at(-1) === '**';
  if (isOpen) wanted.pop();
  if (isOpen ? segments.length < wanted.length : segments.length !== wanted.length) return false;
  return wanted.every((name, index) => name === '*' || name === segments[index]);
}
