// The verbs about dead letters: `dlq list` and `dlq replay`. Their options and their help.

import type { Command } from 'commander';
import type { ConnectorTypes } from '../config/sources.js';
import type { Ms } from '../topic/update.js';
import { EXIT_CODES, type ExitCode } from './exit-code.js';
import type { LiveContext } from './live-verbs.js';
import { duration, urlOption, wholeNumber } from './option-values.js';
import { quiet } from './output.js';

interface DlqContext extends LiveContext {
  readonly connectors: () => Promise<ConnectorTypes>;
}

interface Flags {
  readonly config: string;
  readonly source?: string;
  readonly code?: string;
  readonly number?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

type Done = (code: ExitCode) => void;

export function addDlqVerbs(program: Command, context: DlqContext, done: Done): void {
  const dlq = program
    .command('dlq')
    .description('look at the records that could not be used, and have them tried again')
    .helpOption('-h, --help', 'explain it')
    .helpCommand(false);
  addList(dlq, context, done);
  addReplay(dlq, context, done);
}

function addList(dlq: Command, context: DlqContext, done: Done): void {
  choosing(
    dlq,
    'list',
    'print the dead letters that sources keep, oldest first; without their values unless --json',
  )
    .addHelpText('after', LIST_HELP)
    .action(async (flags: Flags) => {
      const { listLetters } = await import('./dlq-list.js');
      done(await listLetters(flags, await given(flags, context)));
    });
}

function addReplay(dlq: Command, context: DlqContext, done: Done): void {
  const command = choosing(dlq, 'replay', 'have the process that runs try dead letters again');
  const port = { command, protocols: ['http:', 'https:'], example: 'http://127.0.0.1:9090' };
  command
    .option('--dry-run', 'print what would be sent')
    .option('--url <url>', 'of the admin port; left out: as the configuration says', (text: string) =>
      urlOption(text, port),
    )
    .option(
      '--token-file <file>',
      'the admin token; left out: TAILRACE__ADMIN__TOKEN, or as the configuration says',
    )
    .option('--timeout <duration>', 'how long it may take to answer', duration, 30_000)
    .addHelpText('after', REPLAY_HELP)
    .action(async (flags: Flags & { url?: URL; tokenFile?: string; dryRun?: boolean; timeout: Ms }) => {
      const { replayLetters } = await import('./dlq-replay.js');
      done(await replayLetters({ ...flags, timeoutMs: flags.timeout }, await given(flags, context)));
    });
}

async function given(flags: Flags, context: DlqContext) {
  const output = flags.quiet === true ? quiet(context.output) : context.output;
  return { output, env: context.env, connectors: await context.connectors() };
}

/** A verb that reads letters. */
function choosing(dlq: Command, name: string, description: string): Command {
  return dlq
    .command(name)
    .description(description)
    .option('-c, --config <file>', 'the configuration', 'tailrace.yaml')
    .option('--source <name>', 'only of this source')
    .option('--code <code>', 'only with this code: syntax, field-missing')
    .option('-n, --number <count>', 'only the newest so many', wholeNumber)
    .option('--json', 'one JSON object per line')
    .option('--quiet', 'leave out notices');
}

const LIST_HELP = `
Examples:
  tailrace dlq list --source quotes             time, source, topic/partition@offset, reason, key, size
  tailrace dlq list -n 1 --json                 the newest, whole: bytes are base64
  tailrace dlq list --json --code syntax | jq -r '.value | @base64d'

A file is read as it is, beside the process that writes it; a topic with the addresses and secrets of the configuration.
${EXIT_CODES}`;

const REPLAY_HELP = `
Examples:
  tailrace dlq replay --source quotes --dry-run
  tailrace dlq replay --source quotes           after its mapping, schema or limit was mended
  tailrace dlq replay --code unknown-schema --url http://tailrace:9090 --token-file admin-token

A letter is applied if it is still the newest word on its key: superseded means that something newer has been read since, or
that the source was read anew. What is rejected again is a letter again. Nothing is removed from the file or the topic.
${EXIT_CODES}`;
