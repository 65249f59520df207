// A terminal that is drawn over and over: lines from the top left, plain ANSI. What is drawn is the caller's.

/** Of `process`, or a stand-in. */
export interface TerminalStreams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const REST_OF_LINE = '\x1b[K';
const REST_OF_SCREEN = '\x1b[J';
/** Ctrl-C comes as this while keys are read one by one. */
const KEYS_THAT_END = new Set(['q', 'Q', '\x03', '\x04']);

const SIGNALS = ['SIGTERM', 'SIGHUP'] as const;

/** Invariant: from its making to {@link close} the terminal shows the screen; before and after it is as it was. */
export class Screen {
  /** Resolves when a key or a signal says so. */
  readonly ended: Promise<void>;
  readonly #streams: TerminalStreams;
  #end: () => void = () => undefined;
  readonly #onKey = (key: Buffer): void => {
    if (KEYS_THAT_END.has(key.toString())) this.#end();
  };
  readonly #onResize: () => void;
  readonly #onSignal = (): void => this.#end();
  /** So that a process that breaks leaves no broken terminal. */
  readonly #onExit = (): void => this.close();
  #isOpen = true;

  constructor(streams: TerminalStreams, resized: () => void) {
    const { stdin, stdout } = streams;
    this.#streams = streams;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#onResize = resized;
    stdout.write(ENTER);
    stdout.on('resize', this.#onResize);
    if (stdin.isTTY) stdin.setRawMode(true);
    stdin.on('data', this.#onKey);
    stdin.resume();
    process.on('exit', this.#onExit);
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  get size(): ScreenSize {
    const { columns = 80, rows = 24 } = this.#streams.stdout;
    return { columns, rows };
  }

  /** Lines without control characters but colours; those that do not fit are left out. */
  draw(lines: readonly string[]): void {
    const { stdout } = this.#streams;
    const shown = lines.slice(0, this.size.rows - 1);
    stdout.write(HOME + shown.map((line) => `${line}${REST_OF_LINE}\r\n`).join('') + REST_OF_SCREEN);
  }

  /** Idempotent. */
  close(): void {
    const { stdin, stdout } = this.#streams;
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.#onExit);
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
    stdout.off('resize', this.#onResize);
    stdin.off('data', this.#onKey);
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
    stdout.write(LEAVE);
  }
}
