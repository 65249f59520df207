// What one session costs and how fast it is: bytes against full JSON, deltas against full values, time from event to paint.

import { Tag } from './held-values.js';

const SECONDS_KEPT = 60;
const LATENCY_SECONDS = 10;
/** Enough for a p99; the rest of a busy second is like it. */
const LATENCIES_PER_SECOND = 1_000;

/** Invariant: counts are of what came after the snapshots, which cost the same either way; only rates and latencies forget. */
export class Meter {
  /** Characters of messages; the demo's data is ASCII, so also bytes. */
  received = 0;
  /** What the same changes would have cost with the whole value each time. */
  asFull = 0;
  deltas = 0;
  fulls = 0;
  /** Per second, oldest first: { received, asFull, changes }. */
  history = [];

  /** The latest seconds, the running one last. */
  #latencies = [[]];
  #undrawn = [];
  #unpainted = [];
  #changes = 0;
  #last = { received: 0, asFull: 0, changes: 0 };

  message(text) {
    this.received += text.length;
  }

  change(entry, tag) {
    this.#changes += 1;
    if (tag === Tag.Merge || tag === Tag.Patch || tag === Tag.Delete) this.deltas += 1;
    else this.fulls += 1;
    const value = entry.value === undefined ? 'null' : JSON.stringify(entry.value);
    this.asFull += `{"path":"${entry.path}","value":}`.length + value.length;
    if (entry.at !== undefined && !document.hidden) this.#undrawn.push(entry.at);
  }

  /** Everything reported so far is in the document now. */
  drawn() {
    this.#unpainted.push(...this.#undrawn);
    this.#undrawn.length = 0;
  }

  /** Everything that was drawn is on the screen now. */
  painted(now) {
    const second = this.#latencies.at(-1);
    for (const at of this.#unpainted) if (second.length < LATENCIES_PER_SECOND) second.push(now - at);
    this.#unpainted.length = 0;
  }

  /** To be called once a second. */
  second() {
    const now = { received: this.received, asFull: this.asFull, changes: this.#changes };
    this.history.push({
      received: now.received - this.#last.received,
      asFull: now.asFull - this.#last.asFull,
      changes: now.changes - this.#last.changes,
    });
    if (this.history.length > SECONDS_KEPT) this.history.shift();
    this.#last = now;
    this.#latencies.push([]);
    if (this.#latencies.length > LATENCY_SECONDS) this.#latencies.shift();
  }

  /** { p50, p99 }: milliseconds from the record's timestamp to the paint, of the last ten seconds. Undefined without changes. */
  latency() {
    const sorted = this.#latencies.flat().sort((a, b) => a - b);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
    return { p50: at(0.5), p99: at(0.99) };
  }
}
