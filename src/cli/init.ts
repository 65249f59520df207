// `tailrace init`: looks at the topics of a cluster and writes a configuration to begin with. Reads only; what it writes is
// checked before anybody sees it.

import { existsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { clusterSettings } from '../../connectors/kafka/options.js';
import type { Config } from '../config/config.js';
import type { ConnectorTypes } from '../config/sources.js';
import { TailraceError } from '../errors.js';
import { KafkaRefused, KafkaUnreachable } from '../kafka/access-error.js';
import { kafkaCluster } from '../kafka/cluster.js';
import { loadConfigText } from './config-file.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { quiet, type Output } from './output.js';
import { printable } from './printable.js';
import { accessOf, type Access, type AccessFlags } from './starter/access.js';
import { chosenTopics } from './starter/chosen-topics.js';
import { fitOf } from './starter/fit.js';
import { allowedFor } from './starter/registry-way.js';
import { starterText } from './starter/starter-text.js';
import { guessTopic, type TopicGuess } from './starter/topic-guess.js';
import { sampleTopics, type TopicSample } from './starter/topic-sample.js';
import { listenForStops, type SignalSource } from './stop-requests.js';

export interface InitOptions extends AccessFlags {
  /** Left out: all that this user may see and that Kafka did not make itself. */
  readonly topics?: readonly string[];
  /** File to write; left out: the configuration goes to stdout. */
  readonly output?: string;
  /** Write over a file that is there. */
  readonly force?: boolean;
  readonly quiet?: boolean;
}

export interface InitContext {
  readonly output: Output;
  readonly connectors: ConnectorTypes;
  readonly env: NodeJS.ProcessEnv;
  readonly signals: SignalSource;
  readonly exitNow: (code: number) => void;
}

/** 1: there is nothing to begin with, or the cluster does not let this user in. */
export async function init(options: InitOptions, context: InitContext): Promise<ExitCode> {
  const output = options.quiet === true ? quiet(context.output) : context.output;
  const say = (text: string): void => output.notice(`tailrace: ${printable(text)}`);
  const access = accessOf(options, context.env);
  if ('fault' in access) {
    say(access.fault);
    return EXIT.usage;
  }
  const { output: file, force = false } = options;
  if (file !== undefined && !force && existsSync(file)) {
    say(`${file} exists already; --force writes over it`);
    return EXIT.failed;
  }
  const stops = listenForStops(context.signals, context.exitNow);
  try {
    const written = await writeStarter(access, options, { ...context, output, say, signal: stops.signal });
    return written ? EXIT.fine : EXIT.failed;
  } catch (error) {
    if (stops.signal.aborted) return EXIT.failed;
    if (!(error instanceof KafkaUnreachable) && !(error instanceof KafkaRefused)) throw error;
    say(error.message);
    return error instanceof KafkaUnreachable ? EXIT.unreachable : EXIT.failed;
  } finally {
    stops.release();
  }
}

interface Writing extends InitContext {
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

/** False: there was nothing to write. */
async function writeStarter(access: Access, options: InitOptions, context: Writing): Promise<boolean> {
  const { say, signal, output } = context;
  const cluster = kafkaCluster(clusterSettings(access.kafka));
  const choice = chosenTopics(await cluster.metadata(undefined), options.topics);
  if (choice.note !== undefined) say(choice.note);
  const { topics } = choice;
  if (topics.length === 0) return false;
  say(`looking at the newest records of ${topics.length} topic${topics.length === 1 ? '' : 's'}`);
  const onSampled = (done: number): void => {
    if (done % 10 === 0 && done < topics.length) say(`${done} of ${topics.length} topics`);
  };
  const samples = await sampleTopics(cluster, { topics, onSampled, signal });
  const { registry } = access;
  const allow = registry === undefined ? [] : await allowedFor(registry.url);
  const guesses: TopicGuess[] = [];
  for (const sample of samples) {
    guesses.push(await guessTopic(sample, { ...context, registry, allow }));
    signal.throwIfAborted();
  }
  const text = starterText({ access: access.written, registry, allow, guesses });
  const config = await checked(text, options, context);
  await tellFits(config, samples, context);
  save(text, options, output);
  tellNext(config, options, output);
  return true;
}

/** As `run` would read it. */
async function checked(
  text: string,
  { output: file = 'tailrace.yaml' }: InitOptions,
  { connectors, env }: InitContext,
): Promise<Config> {
  const loaded = await loadConfigText({ name: file, text }, connectors, { env, folder: dirname(file) });
  if (loaded.config !== undefined) return loaded.config;
  const findings = loaded.findings.map(({ line, message }) => `line ${line}: ${message}`).join('; ');
  throw new Error(`init made a configuration that check refuses (${findings}):\n${text}`);
}

/** What the records that were looked at become under it. */
async function tellFits(config: Config, samples: readonly TopicSample[], { output }: Writing): Promise<void> {
  for (const [index, source] of config.sources.entries()) {
    const sample = samples[index];
    if (sample !== undefined) output.notice(`  ${printable(await fitOf(source, config, sample))}`);
  }
}

function save(text: string, { output: file, force = false }: InitOptions, output: Output): void {
  if (file === undefined) return output.data(text.trimEnd());
  try {
    writeFileSync(file, text, { flag: force ? 'w' : 'wx' });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw new TailraceError('file-unreadable', `${file} cannot be written: ${code}`, { cause });
  }
}

function tellNext({ sources }: Config, { output: file }: InitOptions, output: Output): void {
  if (file === undefined) return;
  const flag = file === 'tailrace.yaml' ? '' : ` -c ${file}`;
  const [first] = sources;
  output.notice(
    `${file} is written (${sources.length} source${sources.length === 1 ? '' : 's'}). Read it, and then:`,
  );
  for (const command of [
    `check${flag}`,
    `tap${flag} --source ${first?.name} --from earliest -n 5`,
    `run${flag}`,
  ])
    output.notice(`  tailrace ${command}`);
}
