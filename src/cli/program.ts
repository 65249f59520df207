// The command line: verbs, their options and their help. The only door to commander; what a verb does is its own file,
// which is loaded when the verb is used: `health` runs every few seconds and should not wait for the others.

import { Command, type OptionValues } from 'commander';
import type { ConnectorTypes } from '../config/sources.js';
import { styleOfTerminal } from '../telemetry/log-text.js';
import type { LogOptions, RootLog } from '../telemetry/logger.js';
import type { Ms } from '../topic/update.js';
import type { DemoFlags, RunDemo } from './demo.js';
import { EXIT, EXIT_CODES, exitCodeOf, type ExitCode } from './exit-code.js';
import { addLiveVerbs, type LiveContext } from './live-verbs.js';
import { brokerList, duration, portNumber, urlOption } from './option-values.js';
import { quiet, type Output } from './output.js';
import type { StartPipeline } from './run.js';
import { addSourceVerbs } from './source-verbs.js';
import { listenForStops, type SignalSource } from './stop-requests.js';

/** All that the program touches outside itself. */
export interface ProgramContext extends LiveContext {
  readonly connectors: () => Promise<ConnectorTypes>;
  readonly startPipeline: StartPipeline;
  readonly runDemo: RunDemo;
  readonly version: string;
  /** Where logs go: decides their style. */
  readonly stderr: { readonly isTTY?: boolean };
  readonly loadLogger: () => Promise<CreateLog>;
  readonly signals: SignalSource;
  readonly exitNow: (code: number) => void;
}

type CreateLog = (options: Pick<LogOptions, 'level' | 'style'>) => RootLog;

/** Runs one command line (without node and script). Resolves with the exit code when the verb is done. */
export async function runProgram(argv: readonly string[], context: ProgramContext): Promise<ExitCode> {
  let code: ExitCode = EXIT.fine;
  const program = commandLine(context, (result) => (code = result));
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    context.output.fault(error);
    return exitCodeOf(error);
  }
}

function commandLine(context: ProgramContext, done: (code: ExitCode) => void): Command {
  const program = new Command('tailrace')
    .description(
      'Kafka to WebSocket: the current value of every path at once, then small deltas, tailored for each session.',
    )
    .version(context.version, '--version', 'print the version')
    .helpOption('-h, --help', 'explain a verb: tailrace run --help')
    .helpCommand(false)
    .showHelpAfterError('(tailrace --help lists the verbs)')
    .configureOutput({
      writeOut: (text) => context.output.data(text.trimEnd()),
      writeErr: (text) => context.output.notice(text.trimEnd()),
    })
    .exitOverride()
    .addHelpText('after', PROGRAM_HELP);
  addRun(program, context, done);
  addCheck(program, context, done);
  addTest(program, context, done);
  addExplain(program, context, done);
  addSchema(program, context, done);
  addLiveVerbs(program, context, done);
  addSourceVerbs(program, context, done);
  addDemo(program, context, done);
  return program;
}

type Done = (code: ExitCode) => void;

function addRun(program: Command, context: ProgramContext, done: Done): void {
  verb(program, 'run', 'serve what a configuration describes, until SIGTERM or SIGINT')
    .addHelpText('after', RUN_HELP)
    .action(async (flags: OptionValues & { config: string; quiet?: boolean; json?: boolean }) => {
      const stops = listenForStops(context.signals, context.exitNow);
      const { run } = await import('./run.js');
      const connectors = await context.connectors();
      const createLog = await context.loadLogger();
      const style = flags.json === true ? 'json' : styleOfTerminal(context.stderr, context.env);
      const openLog = (level: 'debug' | 'info' | 'warn' | 'error') => ({
        log: createLog({ level, style }),
        isForPeople: style !== 'json',
      });
      try {
        done(await run(flags, { ...context, connectors, stops, openLog }));
      } finally {
        stops.release();
      }
    });
}

function addCheck(program: Command, context: ProgramContext, done: Done): void {
  verb(program, 'check', 'find every mistake in a configuration, without starting anything')
    .option('--env', 'resolve variables and files too, as run does')
    .option('--connect', 'contact the upstream of every source and its schema registry too; implies --env')
    .option('--timeout <duration>', 'how long each of them may take to answer', duration, 10_000)
    .option('--print', 'show every value, defaults too, with where it comes from; secrets are left out')
    .option('--sample <file>', 'show what one record would become, and who would see it')
    .addHelpText('after', CHECK_HELP)
    .action(
      async (
        flags: OptionValues & {
          config: string;
          sample?: string;
          env?: boolean;
          connect?: boolean;
          timeout: Ms;
          print?: boolean;
          json?: boolean;
          quiet?: boolean;
        },
      ) => {
        const { check } = await import('./check.js');
        const connectors = await context.connectors();
        done(
          await check(
            { ...flags, timeoutMs: flags.timeout },
            { ...context, connectors, output: outputFor(flags, context) },
          ),
        );
      },
    );
}

function addSchema(program: Command, context: ProgramContext, done: Done): void {
  program
    .command('schema')
    .description('print the JSON Schema with which editors complete and check a configuration')
    .addHelpText('after', SCHEMA_HELP)
    .action(async () => {
      const { editorSchemaText } = await import('../config/editor-schema.js');
      context.output.data(editorSchemaText(await context.connectors()).trimEnd());
      done(EXIT.fine);
    });
}

function addTest(program: Command, context: ProgramContext, done: Done): void {
  verb(program, 'test', 'try records on the rules, and compare what everybody sees with what should be seen')
    .argument('[files...]', 'files with tests; left out: every *.test.yaml beside the configuration')
    .option('--filter <text>', 'only tests that have this in their name')
    .option('--strict', 'fail when no test reaches some rule')
    .addHelpText('after', TEST_HELP)
    .action(
      async (
        files: readonly string[],
        flags: OptionValues & {
          config: string;
          filter?: string;
          strict?: boolean;
          json?: boolean;
          quiet?: boolean;
        },
      ) => {
        const { runTests } = await import('./test.js');
        const connectors = await context.connectors();
        done(
          await runTests({ ...flags, files }, { ...context, connectors, output: outputFor(flags, context) }),
        );
      },
    );
}

function addExplain(program: Command, context: ProgramContext, done: Done): void {
  verb(program, 'explain', 'say whether somebody sees a path, and why')
    .argument('<path>', 'a path such as orders/7/1 (no wildcards)')
    .option('--as <file>', 'claims of a token, as JSON; left out: a session without a token')
    .addHelpText('after', EXPLAIN_HELP)
    .action(
      async (
        path: string,
        flags: OptionValues & { config: string; as?: string; json?: boolean; quiet?: boolean },
      ) => {
        const { explainPath } = await import('./explain.js');
        const connectors = await context.connectors();
        done(
          await explainPath(
            { ...flags, path },
            { ...context, connectors, output: outputFor(flags, context) },
          ),
        );
      },
    );
}

function addDemo(program: Command, context: ProgramContext, done: Done): void {
  const command = program.command('demo');
  const database = {
    command,
    flag: '--postgres',
    protocols: ['postgres:', 'postgresql:'],
    example: 'postgres://user:password@host:5432/database',
  };
  command
    .description('show it at work on this machine: a market that moves, watched by three people')
    .option('--brokers <host:port,...>', 'use this Kafka instead of starting one', brokerList)
    .option('--postgres <url>', 'use this Postgres database instead of starting one', (text: string) =>
      urlOption(text, database),
    )
    .option(
      '--host <address>',
      'address of both ports; other machines are let in unless it is a loopback one',
      '127.0.0.1',
    )
    .option('--port <number>', 'port of the page', portNumber, 8080)
    .option('--admin-port <number>', 'port of metrics and health', portNumber, 9090)
    .option('--quiet', 'print errors only')
    .addHelpText('after', DEMO_HELP)
    .action(async (flags: DemoFlags & { readonly quiet?: boolean }) => {
      const stops = listenForStops(context.signals, context.exitNow);
      const { demo } = await import('./demo.js');
      const createLog = await context.loadLogger();
      const log = createLog({ level: 'warn', style: styleOfTerminal(context.stderr, context.env) });
      try {
        done(await demo(flags, { ...context, output: outputFor(flags, context), stops, log }));
      } finally {
        stops.release();
      }
    });
}

/** A verb that reads a configuration. */
function verb(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('-c, --config <file>', 'the configuration', 'tailrace.yaml')
    .option('--json', 'one JSON object per line')
    .option('--quiet', 'leave out notices');
}

function outputFor(flags: { readonly quiet?: boolean }, { output }: ProgramContext): Output {
  return flags.quiet === true ? quiet(output) : output;
}

const PROGRAM_HELP = `
First steps:
  tailrace demo                          see it work, nothing else needed
  tailrace check                         find every mistake in ./tailrace.yaml
  tailrace run                           serve it: ws://localhost:8080/v1/stream
${EXIT_CODES}`;

const RUN_HELP = `
Examples:
  tailrace run
  tailrace run -c /etc/tailrace/tailrace.yaml
  TAILRACE__LISTEN__PORT=8081 tailrace run      a variable beats the file, and says so

SIGTERM drains sessions within shutdown.grace, SIGINT closes them at once, a second signal ends it. Logs are JSON unless stderr is a terminal.
${EXIT_CODES}`;

const CHECK_HELP = `
Examples:
  tailrace check                                needs no secrets and no network
  tailrace check --env                          with variables and files, as run would start
  tailrace check --connect                      is every upstream reachable, do they let us in, and what would a feed publish?
  tailrace check --print --env                  every value, and whether file, variable or default gave it
  tailrace check --json | jq .message
  tailrace check --sample record.json           from record to what each role sees

A sample is one record: {"topic": "fx.quotes", "key": "EURUSD", "value": {"symbol": "EURUSD", "bid": 1.1},
"headers": {}, "timestamp": 1769864400000, "partition": 0}. A text as key or value is the raw text; null deletes.
${EXIT_CODES}`;

const SCHEMA_HELP = `
Examples:
  tailrace schema > tailrace.schema.json
and as first line of tailrace.yaml, for VS Code (YAML extension), JetBrains, Neovim and others:
  # yaml-language-server: $schema=tailrace.schema.json
${EXIT_CODES}`;

const TEST_HELP = `
Examples:
  tailrace test                                 every *.test.yaml beside ./tailrace.yaml; no secrets, no network
  tailrace test orders.test.yaml --filter margin
  tailrace test -c prod.yaml --strict --quiet   for a pipeline: only what fails, and rules that no test reaches

A test gives records and says who sees what of them, all of it:
  tests:
    - name: a customer never sees margin
      given: { source: orders, key: '1', value: { account: 7, id: 1, total: 5, margin: 2 } }
      expect:
        - { as: { role: customer, account: 7 }, sees: { orders/7/1: { account: 7, id: 1, total: 5 } } }
        - { as: { role: customer, account: 8 }, sees: nothing }
${EXIT_CODES}`;

const EXPLAIN_HELP = `
Examples:
  echo '{"sub":"ann","roles":["customer"],"account":7}' > ann.json
  tailrace explain --as ann.json orders/7/1     allow: exit code 0
  tailrace explain --as ann.json orders/8/1     deny: exit code 1, with the rule and what would change it
${EXIT_CODES}`;

const DEMO_HELP = `
Examples:
  tailrace demo                                 starts a local Kafka (the first time it is fetched: Java and Maven) and a local Postgres
  tailrace demo --brokers localhost:9092        uses your Kafka: topic demo.quotes
  tailrace demo --postgres postgres://postgres@localhost/postgres
                                                uses your Postgres, of a role that may replicate: schema and publication
                                                tailrace_demo, both removed at the end
${EXIT_CODES}`;
