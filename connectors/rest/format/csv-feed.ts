// Feeds of comma-separated values (RFC 4180), as JSON: a list of objects of strings, whose names are in the first line.

import { CsvError, parse } from 'csv-parse/sync';
import { BadFeed } from './bad-feed.js';

export interface CsvSettings {
  readonly delimiter: string;
  /** Columns without which the feed is another one than was meant. */
  readonly needed: readonly string[];
  readonly maxItems: number;
}

/** `body` is UTF-8, without byte order mark. Throws BadFeed. */
export function jsonOfCsv(body: Buffer, settings: CsvSettings): Buffer {
  const [columns, ...rows] = rowsOf(body, settings);
  checkColumns(columns ?? [], settings.needed);
  const names = (columns ?? []).map((name) => `${JSON.stringify(name)}:`);
  const objects = rows.map(
    (cells) => `{${names.map((name, i) => name + JSON.stringify(cells[i])).join(',')}}`,
  );
  return Buffer.from(`[${objects.join(',')}]`);
}

function rowsOf(body: Buffer, { delimiter, maxItems }: CsvSettings): string[][] {
  try {
    return parse(body, {
      delimiter,
      record_delimiter: ['\r\n', '\n'],
      skip_empty_lines: true,
      // The first line, and one too many for the limit to show
      to: maxItems + 2,
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error['lines'] === 'number' ? ` at line ${error['lines']}` : '';
    throw new BadFeed(
      `the body is not CSV${line}: ${FAULTS[error.code] ?? 'it breaks the rules of quotes'}; ${LOOK}`,
    );
  }
}

const FAULTS: Readonly<Partial<Record<string, string>>> = {
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: 'it has another number of columns than the first line',
  CSV_QUOTE_NOT_CLOSED: 'a quote is not closed, as if it were cut off',
};

const LOOK = 'look at what the URL answers, and at csv.delimiter';

function checkColumns(columns: readonly string[], needed: readonly string[]): void {
  for (const [i, name] of columns.entries()) {
    const first = columns.indexOf(name);
    if (first < i) {
      const names = name === '' ? 'have no name' : 'have the same name';
      throw new BadFeed(
        `columns ${first + 1} and ${i + 1} of the first line ${names}, so that one would hide the other`,
      );
    }
  }
  const missing = needed.find((name) => !columns.includes(name));
  if (missing !== undefined) {
    throw new BadFeed(`the first line names no column "${missing}", which the key needs: ${LOOK}`);
  }
}
