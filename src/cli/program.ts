// The command line: verbs, their options and their help. The only door to commander; what a verb does is its own file.

import { Command, InvalidArgumentError, type OptionValues } from 'commander';
import type { ConnectorTypes } from '../config/sources.js';
import { styleOfTerminal, type Log, type LogOptions } from '../telemetry/logger.js';
import { check } from './check.js';
import { demo, type RunDemo } from './demo.js';
import { EXIT, exitCodeOf, type ExitCode } from './exit-code.js';
import { explainPath } from './explain.js';
import { quiet, type Output } from './output.js';
import { run, type StartPipeline } from './run.js';
import { listenForStops, type SignalSource } from './stop-requests.js';

/** All that the program touches outside itself. */
export interface ProgramContext {
  readonly output: Output;
  readonly connectors: ConnectorTypes;
  readonly startPipeline: StartPipeline;
  readonly runDemo: RunDemo;
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where logs go: decides their style. */
  readonly stderr: { readonly isTTY?: boolean };
  readonly createLog: (options: Pick<LogOptions, 'level' | 'style'>) => Log;
  readonly signals: SignalSource;
  readonly exitNow: (code: number) => void;
}

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
  addExplain(program, context, done);
  addDemo(program, context, done);
  return program;
}

type Done = (code: ExitCode) => void;

function addRun(program: Command, context: ProgramContext, done: Done): void {
  verb(program, 'run', 'serve what a configuration describes, until SIGTERM or SIGINT')
    .addHelpText('after', RUN_HELP)
    .action(async (flags: OptionValues & { config: string; quiet?: boolean; json?: boolean }) => {
      const stops = listenForStops(context.signals, context.exitNow);
      const style = flags.json === true ? 'json' : styleOfTerminal(context.stderr, context.env);
      const openLog = (level: 'debug' | 'info' | 'warn' | 'error') => ({
        log: context.createLog({ level, style }),
        isForPeople: style !== 'json',
      });
      try {
        done(await run(flags, { ...context, stops, openLog }));
      } finally {
        stops.release();
      }
    });
}

function addCheck(program: Command, context: ProgramContext, done: Done): void {
  verb(program, 'check', 'find every mistake in a configuration, without starting anything')
    .option('--env', 'resolve variables and files too, as run does')
    .option('--sample <file>', 'show what one record would become, and who would see it')
    .addHelpText('after', CHECK_HELP)
    .action(
      (
        flags: OptionValues & {
          config: string;
          sample?: string;
          env?: boolean;
          json?: boolean;
          quiet?: boolean;
        },
      ) => {
        done(check(flags, { ...context, output: outputFor(flags, context) }));
      },
    );
}

function addExplain(program: Command, context: ProgramContext, done: Done): void {
  verb(program, 'explain', 'say whether somebody sees a path, and why')
    .argument('<path>', 'a path such as orders/7/1 (no wildcards)')
    .option('--as <file>', 'claims of a token, as JSON; left out: a session without a token')
    .addHelpText('after', EXPLAIN_HELP)
    .action(
      (
        path: string,
        flags: OptionValues & { config: string; as?: string; json?: boolean; quiet?: boolean },
      ) => {
        done(explainPath({ ...flags, path }, { ...context, output: outputFor(flags, context) }));
      },
    );
}

function addDemo(program: Command, context: ProgramContext, done: Done): void {
  program
    .command('demo')
    .description('show it at work on this machine: a market that moves, watched by three people')
    .option('--brokers <host:port,...>', 'use this Kafka instead of starting one', brokerList)
    .option('--port <number>', 'port of the page', portNumber, 8080)
    .option('--admin-port <number>', 'port of metrics and health', portNumber, 9090)
    .option('--quiet', 'print errors only')
    .addHelpText('after', DEMO_HELP)
    .action(
      async (flags: { brokers?: readonly string[]; port: number; adminPort: number; quiet?: boolean }) => {
        const stops = listenForStops(context.signals, context.exitNow);
        const log = context.createLog({ level: 'warn', style: styleOfTerminal(context.stderr, context.env) });
        try {
          done(await demo(flags, { ...context, output: outputFor(flags, context), stops, log }));
        } finally {
          stops.release();
        }
      },
    );
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

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65535)) throw new InvalidArgumentError('It must be a port, 0 to 65535.');
  return port;
}

function brokerList(text: string): readonly string[] {
  const brokers = text.split(',').map((broker) => broker.trim());
  if (!brokers.every((broker) => /^(\[[0-9a-f:]+\]|[^\s:/]+):\d{1,5}$/i.test(broker))) {
    throw new InvalidArgumentError('Write host:port, several separated by commas.');
  }
  return brokers;
}

const EXIT_CODES = `
Exit codes: 0 fine, 1 failed or denied, 2 usage, 69 unreachable, 78 bad configuration.
Data goes to stdout, notices and logs to stderr.`;

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

SIGTERM stops in order within shutdown.grace, a second one at once. Logs are JSON unless stderr is a terminal.
${EXIT_CODES}`;

const CHECK_HELP = `
Examples:
  tailrace check                                needs no secrets and no network
  tailrace check --env                          with variables and files, as run would start
  tailrace check --json | jq .message
  tailrace check --sample record.json           from record to what each role sees

A sample is one record: {"topic": "fx.quotes", "key": "EURUSD", "value": {"symbol": "EURUSD", "bid": 1.1},
"headers": {}, "timestamp": 1769864400000, "partition": 0}. A text as key or value is the raw text; null deletes.
${EXIT_CODES}`;

const EXPLAIN_HELP = `
Examples:
  echo '{"sub":"ann","roles":["customer"],"account":7}' > ann.json
  tailrace explain --as ann.json orders/7/1     allow: exit code 0
  tailrace explain --as ann.json orders/8/1     deny: exit code 1, with the rule and what would change it
${EXIT_CODES}`;

const DEMO_HELP = `
Examples:
  tailrace demo                                 starts a local Kafka; the first time it is fetched (Java and Maven)
  tailrace demo --brokers localhost:9092        uses yours: topics demo.quotes and demo.orders
${EXIT_CODES}`;
