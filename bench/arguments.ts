// The command line of `npm run bench`.

import { parseArgs } from 'node:util';
import { TRICKS, type BenchOptions, type RowGroup, type Trick } from './row.js';

export type BenchCommand =
  | {
      readonly kind: 'run';
      readonly options: BenchOptions;
      readonly isJson: boolean;
      readonly isSaved: boolean;
    }
  /** Help, or what was wrong. */
  | { readonly kind: 'told'; readonly text: string; readonly exitCode: 0 | 2 };

export function parseArguments(args: readonly string[], groups: readonly RowGroup[]): BenchCommand {
  const rows = groups.flatMap((group) => group.rows);
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        only: { type: 'string', multiple: true, default: [] },
        without: { type: 'string' },
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        save: { type: 'boolean', default: false },
        profile: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { kind: 'told', text: helpText(rows), exitCode: 0 };
    const only = values.only.flatMap((list) => list.split(','));
    const unknown = only.filter((row) => !rows.includes(row));
    if (unknown.length > 0) return wrong(`no row ${unknown.join(', ')}; there are ${rows.join(', ')}`);
    const { without } = values;
    if (without !== undefined && !isTrick(without)) return wrong(`--without takes ${TRICKS.join(', ')}`);
    const options = { isQuick: values.quick, without, only, profile: values.profile };
    return { kind: 'run', options, isJson: values.json, isSaved: values.save };
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
}

function isTrick(text: string): text is Trick {
  return (TRICKS as readonly string[]).includes(text);
}

function wrong(text: string): BenchCommand {
  return { kind: 'told', text: `${text}\nnpm run bench -- --help shows how it is used.`, exitCode: 2 };
}

function helpText(rows: readonly string[]): string {
  return `npm run bench -- [options]

  --only ROW       only these rows, separated by commas: ${rows.join(', ')}
  --quick          fewer and shorter slices: under 90 s, for a look
  --json           one object per figure and line on standard output
  --without TRICK  see what a row is worth without: ${TRICKS.join(', ')}
  --profile        which functions of the server the CPU went to
  --save           write bench/results/<date>-<machine>.md and .jsonl, with what each trick is worth`;
}
