// Where the run is, on standard error: one line that is written over on a terminal, whole lines elsewhere.

export class Progress {
  readonly #isTerminal = process.stderr.isTTY;
  #shown = 0;

  show(text: string): void {
    if (!this.#isTerminal) return;
    const line = text.slice(0, (process.stderr.columns ?? 80) - 1);
    process.stderr.write(`\r${line.padEnd(this.#shown)}`);
    this.#shown = line.length;
  }

  /** A line that stays. */
  note(text: string): void {
    this.end();
    process.stderr.write(`${text}\n`);
  }

  end(): void {
    if (this.#shown > 0) process.stderr.write(`\r${' '.repeat(this.#shown)}\r`);
    this.#shown = 0;
  }
}
