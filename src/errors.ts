// The errors that this process raises about itself, and the catalogue of their codes. What a client is told is
// src/protocol, what is wrong with a configuration is src/config/finding.ts, what ails a source is connectors/contract.ts.

interface ErrorKind {
  /** Whether the same thing may work later without anybody changing anything. */
  readonly retryable: boolean;
  /** Exit code of a command that ends with it. */
  readonly exit: 1 | 69 | 78;
  /** What happened, for the page that an operator reads. */
  readonly meaning: string;
  /** What to do about it. */
  readonly action: string;
}

/** Every code, once. The texts are the operator's page for it; a code never changes its meaning. */
export const ERROR_CATALOGUE = {
  'config-rejected': {
    retryable: false,
    exit: 78,
    meaning: 'The configuration has mistakes. Each was printed with its line.',
    action: 'Correct them; `tailrace check` finds them all without starting anything.',
  },
  'file-unreadable': {
    retryable: false,
    exit: 78,
    meaning:
      'A file that the command or the configuration names cannot be read, or does not hold what it should.',
    action: 'Check that it exists, that this user may read it, and in a container that it is mounted.',
  },
  'address-unavailable': {
    retryable: true,
    exit: 69,
    meaning: 'The public or the admin port could not be opened.',
    action:
      'Another process has the port, or the host is no address of this machine: change `listen` or `admin`.',
  },
  'upstream-unreachable': {
    retryable: true,
    exit: 69,
    meaning: 'Something that the command needs before it can begin does not answer.',
    action: 'Check the addresses, the network between here and there, and what the other side logs.',
  },
  'source-stopped': {
    retryable: false,
    exit: 1,
    meaning:
      'A source cannot go on: its options were refused, or its history is gone. Its paths stay stale, others go on.',
    action: 'The message names the reason. Correct the options or the upstream, then restart.',
  },
  'stop-timed-out': {
    retryable: false,
    exit: 1,
    meaning: 'The process was told to stop and was not done within `shutdown.grace`, so it ended as it was.',
    action: 'Nothing is lost, clients come back by themselves. Raise the grace if it happens at each stop.',
  },
  'prerequisite-missing': {
    retryable: false,
    exit: 1,
    meaning: 'A program or package that the command needs is not installed here.',
    action: 'The message names it and the way to do without.',
  },
  unexpected: {
    retryable: false,
    exit: 1,
    meaning: 'A bug: something threw that nothing expected.',
    action:
      'The process ends, so that it is restarted in a known state. Please report the log line with its stack.',
  },
} as const satisfies Readonly<Record<string, ErrorKind>>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/**
 * Thrown for broken promises of the world that somebody must act upon. The message says what failed, with which id, and
 * what to do; it holds no secrets and no payloads.
 */
export class TailraceError extends Error {
  override readonly name = 'TailraceError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  get retryable(): boolean {
    return ERROR_CATALOGUE[this.code].retryable;
  }
}
