// The verbs that look at a source itself, without a process that serves it: tap and init. Their options and their help;
// program.ts has the others.

import { InvalidArgumentError, Option, type Command } from 'commander';
import type { ConnectorTypes } from '../config/sources.js';
import { parseFilter, type Filter } from '../topic/filter.js';
import type { Ms } from '../topic/update.js';
import { addDlqVerbs } from './dlq-verbs.js';
import { EXIT_CODES, type ExitCode } from './exit-code.js';
import type { LiveContext } from './live-verbs.js';
import type { InitOptions } from './init.js';
import { brokerList, duration, urlOption, wholeNumber } from './option-values.js';
import { SASL_MECHANISMS } from './starter/sasl-mechanisms.js';
import type { SignalSource } from './stop-requests.js';
import type { TapStart } from './tap-start.js';

/** What these verbs touch outside themselves. */
export interface SourceVerbsContext extends LiveContext {
  readonly connectors: () => Promise<ConnectorTypes>;
  readonly signals: SignalSource;
  readonly exitNow: (code: number) => void;
}

type Done = (code: ExitCode) => void;

export function addSourceVerbs(program: Command, context: SourceVerbsContext, done: Done): void {
  addTap(program, context, done);
  addInit(program, context, done);
  addDlqVerbs(program, context, done);
}

function addTap(program: Command, context: SourceVerbsContext, done: Done): void {
  program
    .command('tap')
    .description('show what the records of a source become, as they come; needs no process that serves')
    .option('-c, --config <file>', 'the configuration', 'tailrace.yaml')
    .option('--source <name>', 'which source; left out: the only one')
    .option('-n, --number <count>', 'end after so many records', wholeNumber)
    .option('--from <start>', 'live, earliest, or a duration back from now: 15m', tapStart)
    .option('--path <filter>', 'only what goes to such paths', filter)
    .option('--rejected', 'only records that are rejected')
    .option('--raw', 'show the bytes of key and value too, as far as they fit')
    .option('--timeout <duration>', 'end then', duration)
    .option('--json', 'one JSON object per line')
    .option('--quiet', 'leave out notices')
    .addHelpText('after', TAP_HELP)
    .action(
      async (flags: {
        config: string;
        source?: string;
        number?: number;
        from?: TapStart;
        path?: Filter;
        rejected?: boolean;
        raw?: boolean;
        timeout?: Ms;
        json?: boolean;
        quiet?: boolean;
      }) => {
        const { tap } = await import('./tap.js');
        const connectors = await context.connectors();
        done(await tap({ ...flags, timeoutMs: flags.timeout }, { ...context, connectors }));
      },
    );
}

function addInit(program: Command, context: SourceVerbsContext, done: Done): void {
  const command = program.command('init');
  command
    .description('look at the topics of a Kafka, and write a configuration to begin with')
    .requiredOption('--brokers <host:port,...>', 'some brokers of the cluster', brokerList)
    .option('--topics <topic,...>', 'only these; left out: all but internal ones, at most 50', names)
    .option(
      '--registry <url>',
      'where the schemas of Avro, Protobuf and JSON Schema records are',
      registryUrl(command),
    )
    .option('--registry-username <name>', 'with the password in REGISTRY_PASSWORD')
    .option('--tls', 'connect with TLS')
    .option('--tls-ca <file>', 'with TLS, and trust these authorities (PEM)')
    .addOption(new Option('--sasl <mechanism>', 'log in').choices(SASL_MECHANISMS))
    .option('--username <name>', 'who logs in')
    .option('--password-file <file>', 'left out: KAFKA_PASSWORD')
    .option('-o, --output <file>', 'write it there; left out: to stdout')
    .option('--force', 'write over a file that is there')
    .option('--quiet', 'leave out notices')
    .addHelpText('after', INIT_HELP)
    .action(async (flags: InitOptions) => {
      const { init } = await import('./init.js');
      const connectors = await context.connectors();
      done(await init(flags, { ...context, connectors }));
    });
}

function names(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}

function registryUrl(command: Command): (text: string) => URL {
  const form = { flag: '--registry', protocols: ['http:', 'https:'], example: 'https://registry.example' };
  return (text) => urlOption(text, { command, ...form });
}

function tapStart(text: string): TapStart {
  return text === 'live' || text === 'earliest' ? text : { agoMs: duration(text) };
}

function filter(text: string): Filter {
  const parsed = parseFilter(text);
  if (parsed.ok) return parsed.filter;
  throw new InvalidArgumentError(`It ${parsed.fault}.`);
}

const TAP_HELP = `
Examples:
  tailrace tap --source quotes                       topic/partition@offset  key  ->  path  value
  tailrace tap --from earliest --rejected --raw      which records cannot be used, why, and how their bytes begin
  tailrace tap --from 15m --path 'orders/7/*' -n 10
  tailrace tap --json | jq 'select(.outcome == "rejected") | .code'

It reads on its own with the configuration's addresses and secrets: what a running process does is not touched, nothing is
committed or written. A record without a path is deleted (all paths of its key), filtered (no rule holds) or rejected (stage,
code, and byte or rule). A terminal is shown at most 50 lines a second, a pipe everything. 1: what was waited for did not come.
${EXIT_CODES}`;

const INIT_HELP = `
Examples:
  tailrace init --brokers localhost:9092 -o tailrace.yaml
  tailrace init --brokers kafka:9092 --topics orders,fx.quotes --registry http://registry:8081
  tailrace init --brokers kafka:9093 --tls --sasl scram-sha-512 --username ann --password-file /run/secrets/kafka

It reads the newest records of each topic, guesses formats and what tells objects apart, and writes a source per topic with
comments that say what was guessed and why. Passwords stand in it as { env: ... } or { file: ... } only. Nothing is written to
Kafka, and data of records neither into the file. Then: tailrace check, tailrace tap, tailrace run.
${EXIT_CODES}`;
