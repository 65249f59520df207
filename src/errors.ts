// The errors that this process raises about itself, and the catalogue of their codes: what ends a command, and what a log
// line at level `error` is about. What a client is told is src/protocol, what is wrong with a configuration is
// src/config/finding.ts, what ails a source is connectors/contract.ts.

export interface ErrorKind {
  /** Whether the same thing may work later without anybody changing anything. */
  readonly retryable: boolean;
  /** Exit code of a command that ends with it. Absent: the process goes on, and only the log says it. */
  readonly exit?: 1 | 69 | 78;
  /** What happened, for the page that an operator reads. */
  readonly meaning: string;
  /** What to do about it. */
  readonly action: string;
}

/** Every code, once. The texts are the operator's page for it (docs/errors.md); a code never changes its meaning. */
export const ERROR_CATALOGUE = {
  'config-rejected': {
    retryable: false,
    exit: 78,
    meaning: 'The configuration has mistakes. Each was printed before, with its line.',
    action: 'Correct them; `tailrace check` finds them all without starting anything.',
  },
  'config-mistake': {
    retryable: false,
    meaning:
      'One mistake in the configuration: `finding` says of which kind, `path` and `line` where it stands, `message` what is wrong.',
    action: 'Correct it. The kinds are listed in [config.md](config.md#findings).',
  },
  'config-reload-rejected': {
    retryable: false,
    meaning:
      'A changed configuration was not taken up: it has mistakes, needs a restart, or the upstream refused it. The lines before say which. What ran before still runs, and nobody was cut.',
    action: 'Correct the file; it is read again when it changes, at SIGHUP, and by `POST /v1/reload`.',
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
  'source-options-rejected': {
    retryable: false,
    meaning:
      'The upstream refuses what the options of a source say: a password, a right, a topic that does not exist; or they lead to an address that is not public and not in `outbound.allow`. The source stops and its paths stay stale; the others go on.',
    action:
      '`message` names what was refused. Correct the options or the upstream, then restart; another `outbound.allow` is taken up without.',
  },
  'source-history-lost': {
    retryable: false,
    meaning:
      'What came after the position of a source is gone upstream: retention was shorter than the outage, or the topic was made anew. A source with its complete state upstream (a compacted topic) is read again from the beginning by itself; any other stops, and its paths stay stale.',
    action:
      'If `source-stopped` follows, restart to begin with what is still there. Keep records upstream for longer than an outage lasts.',
  },
  'source-failed': {
    retryable: false,
    meaning:
      'A bug: reading a source threw something that nothing expected. The source stops and its paths stay stale; the others go on.',
    action: 'Restart, and please report the log line with its stack.',
  },
  'session-failed': {
    retryable: true,
    meaning:
      'A bug: obeying one client threw. That session was closed with 1011 and comes back by itself; nobody else noticed.',
    action: 'Please report the log line with its stack.',
  },
  'value-failed': {
    retryable: true,
    meaning: 'A bug: answering one `GET /v1/values/…` threw. That connection was cut; nobody else noticed.',
    action: 'Please report the log line with its stack.',
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

/** The codes with which a command may end. */
export type EndingCode = {
  [Code in ErrorCode]: (typeof ERROR_CATALOGUE)[Code] extends { readonly exit: number } ? Code : never;
}[ErrorCode];

/** Where an operator reads about a code: what it means, and what to do. */
export function docsOf(code: ErrorCode): string {
  return `docs/errors.md#${code}`;
}

/**
 * Thrown for broken promises of the world that somebody must act upon. The message says what failed, with which id, and
 * what to do; it holds no secrets and no payloads.
 */
export class TailraceError extends Error {
  override readonly name = 'TailraceError';
  readonly code: EndingCode;

  constructor(code: EndingCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  get retryable(): boolean {
    return ERROR_CATALOGUE[this.code].retryable;
  }
}
