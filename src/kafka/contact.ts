// Whether the reader is in contact with all its partitions and up to their ends.
//
//   catching-up --all at the end--> live --contact lost for longer than the grace, or withheld--> interrupted
//                                    ^--------------------all back and at the end----------------------'

import type { PartitionState } from './partition.js';

export type ContactState = 'catching-up' | 'live' | 'interrupted';

/**
 * A leader election or a broker's restart is shorter than the grace and not told. Invariant: `live` only while it has been true
 * once since the last interruption that no partition was lost or behind the end seen at contact.
 */
export class Contact {
  state: ContactState = 'catching-up';
  /** A loss that is not older is not told. */
  graceMs: number;
  readonly #onInterrupted: (reason: string) => void;
  readonly #lost = new Set<PartitionState>();
  readonly #behind = new Set<PartitionState>();
  #reason = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(graceMs: number, onInterrupted: (reason: string) => void) {
    this.graceMs = graceMs;
    this.#onInterrupted = onInterrupted;
  }

  add(partition: PartitionState): void {
    this.#behind.add(partition);
  }

  remove(partition: PartitionState): void {
    this.#lost.delete(partition);
    this.#behind.delete(partition);
  }

  lose(partition: PartitionState, reason: string): void {
    this.#reason = reason;
    this.#lost.add(partition);
    this.#behind.add(partition);
    partition.target = undefined;
    if (this.state !== 'interrupted') this.#timer ??= setTimeout(() => this.#onGrace(), this.graceMs);
  }

  /** There is contact, but nothing may be read, and that has been so for long enough: told at once. */
  withhold(partition: PartitionState, reason: string): void {
    this.lose(partition, reason);
    this.#stopTimer();
    this.#interrupt();
  }

  /** A fetch succeeded; `end` is what may be read. Returns whether this was the first one since contact was lost or began. */
  regain(partition: PartitionState, end: number): boolean {
    if (partition.target !== undefined) return false;
    partition.target = end;
    this.#lost.delete(partition);
    if (this.#lost.size === 0) this.#stopTimer();
    return true;
  }

  /** Call when records up to `partition.delivered` have been taken, or a fetch found nothing. Returns whether all became live. */
  settle(partition: PartitionState): boolean {
    const { target, delivered, isTailEmpty } = partition;
    const atEnd = target !== undefined && (delivered >= target || isTailEmpty);
    if (atEnd) this.#behind.delete(partition);
    return this.becomesLive();
  }

  /** Whether the state turns to `live` now. */
  becomesLive(): boolean {
    if (this.state === 'live' || this.#lost.size > 0 || this.#behind.size > 0) return false;
    this.state = 'live';
    return true;
  }

  close(): void {
    this.#stopTimer();
  }

  #onGrace(): void {
    this.#timer = undefined;
    if (this.#lost.size > 0) this.#interrupt();
  }

  #interrupt(): void {
    if (this.state === 'interrupted') return;
    this.state = 'interrupted';
    this.#onInterrupted(this.#reason);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
