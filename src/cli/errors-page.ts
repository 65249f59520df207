// docs/errors.md, written from the catalogue of src/errors.ts: scripts/docs.mjs puts it in its place, and a test fails when
// the page is stale.

import { ERROR_CATALOGUE, type ErrorKind } from '../errors.js';
import { markdownTable } from '../telemetry/markdown-table.js';
import { EXIT, type ExitCode } from './exit-code.js';

const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  fine: 'Done.',
  failed: 'A check failed, the answer is no, or something broke.',
  usage: 'The command line makes no sense: `tailrace <verb> --help`.',
  unreachable: 'Something outside does not answer, or a port is taken. Trying again may help.',
  config: 'The configuration, or a file that was named, is wrong. Trying again does not help.',
};

/** The whole page as Markdown. */
export function errorsPage(): string {
  const kinds = Object.entries<ErrorKind>(ERROR_CATALOGUE);
  return [INTRODUCTION, exitCodes(), '## Codes\n', ...kinds.map(([code, kind]) => section(code, kind))].join(
    '\n',
  );
}

const INTRODUCTION = `<!-- Written by scripts/docs.mjs from src/errors.ts: change it there. -->

# Errors

A log line at level \`error\` is for somebody to act upon. Its \`event\` and its \`code\` are one of the codes below, and its
\`docs\` points to the paragraph here. A command that cannot go on prints a sentence with the code in brackets, and its exit code
tells a script what kind of trouble it was.

What stands elsewhere: what \`check\` finds in a configuration is in [config.md](config.md#findings); what a client is told, as
close codes and as errors in band, and whether it should connect again, is in
[PROTOCOL.md](../src/protocol/PROTOCOL.md).
`;

function exitCodes(): string {
  const rows = Object.entries<ExitCode>(EXIT).map(([name, code]) => [
    `${code}`,
    EXIT_MEANINGS[name as keyof typeof EXIT],
  ]);
  return `## Exit codes\n\n${markdownTable(['code', 'meaning'], rows)}`;
}

function section(code: string, { meaning, action, retryable, exit }: ErrorKind): string {
  const ends =
    exit === undefined
      ? 'No command ends with it: only the log tells.'
      : `Ends a command with ${exit}${retryable ? '; the same command may work later' : ''}.`;
  return `<a id="${code}"></a>

### ${code}

${meaning}

**What to do:** ${action}

${ends}
`;
}
