// What Node itself warns of, such as a deprecation: told as the program tells everything else. Node alone would put its text
// between the lines of the log, where a collector expects JSON.

/** The part of `process` that this needs. */
export interface WarningSource {
  on(event: 'warning', listener: (warning: Error) => void): unknown;
  removeAllListeners(event: 'warning'): unknown;
}

/**
 * Nobody can act on these. TimeoutNegativeWarning (since Node 24): kafkajs 2 asks for a timer before it knows for when, and
 * gets 1 ms, which is what it needs.
 */
const SILENT: ReadonlySet<string> = new Set(['TimeoutNegativeWarning']);

/** From now on `tell` gets each warning, and Node prints none. */
export function takeNodeWarnings(source: WarningSource, tell: (warning: Error) => void): void {
  source.removeAllListeners('warning'); // Node's own printer is one of them
  source.on('warning', (warning) => {
    if (!SILENT.has(warning.name)) tell(warning);
  });
}
