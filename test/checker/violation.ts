// A broken promise: which one, on which line, and what had been received before.

/** The guarantees that the checking client tells apart; `wire` = the line itself is not what PROTOCOL.md describes. */
export type Promised =
  'G1' | 'G2' | 'G3' | 'G4' | 'G5' | 'G6' | 'G7' | 'G8' | 'G9' | 'G13' | 'G14' | 'G15' | 'wire';

export class Violation extends Error {
  override readonly name = 'Violation';
  readonly promised: Promised;
  /** What was found, without the trail. */
  readonly finding: string;

  constructor(promised: Promised, finding: string, trail: readonly string[] = []) {
    super([`${promised} broken: ${finding}`, ...trail].join('\n'));
    this.promised = promised;
    this.finding = finding;
  }
}
