// What the exit code of a command says. Part of the program's contract: scripts and supervisors rely on it.

import { CommanderError } from 'commander';
import { ERROR_CATALOGUE, TailraceError } from '../errors.js';

export const EXIT = {
  fine: 0,
  /** A check failed, an answer is no, or something broke. */
  failed: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** Something outside does not answer, or a port is taken (EX_UNAVAILABLE). */
  unreachable: 69,
  /** The configuration is wrong (EX_CONFIG). */
  config: 78,
} as const;

/** For the end of every help. */
export const EXIT_CODES = `
Exit codes: 0 fine, 1 failed or denied, 2 usage, 69 unreachable, 78 bad configuration.
Data goes to stdout, notices and logs to stderr.`;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For what a verb throws. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof TailraceError) return ERROR_CATALOGUE[error.code].exit;
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
  return EXIT.failed;
}
