// A fault of the server's setup, and the SQL that mends it.

export interface Finding {
  /** A clause for people, without a full stop: `public.orders has no primary key`. */
  readonly problem: string;
  /** Statements to paste, each with its semicolon; remarks as SQL comments. Empty: no SQL mends it, and `problem` says what does. */
  readonly sql: string;
  /** It may pass without anybody's doing: others hold what is needed. Sources try again instead of stopping. */
  readonly isPassing?: boolean;
  /** It must be so while somebody serves the source: what to say to who only looks on, for whom it is no fault. A clause. */
  readonly whileServed?: string;
}

/** For a message: one line per finding, each with what to paste. */
export function findingsText(findings: readonly Finding[]): string {
  return findings.map(({ problem, sql }) => (sql === '' ? problem : `${problem}: ${sql}`)).join('\n');
}
