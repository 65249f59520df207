// Kafka's own command-line tools, run from the jars of the test broker: a second or two of JVM start each.

import { ensureKafkaInstalled } from '../../src/demo/kafka-install.js';
import { runTool } from '../../src/demo/run-tool.js';

/** By the shell scripts that operators know them by. */
const CLASSES = {
  'kafka-transactions.sh': 'org.apache.kafka.tools.TransactionsCommand',
  'kafka-configs.sh': 'kafka.admin.ConfigCommand',
} as const;

/** Runs one to its end. Throws with its last words when it fails. */
export async function kafkaTool(script: keyof typeof CLASSES, argv: readonly string[]): Promise<void> {
  const { java, classPath, archive } = await ensureKafkaInstalled();
  const shared = archive === undefined ? [] : [`-XX:SharedArchiveFile=${archive}`, '-Xshare:auto'];
  const jvm = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...shared];
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error';
  const result = await runTool(java, [...jvm, quiet, '-cp', classPath, CLASSES[script], ...argv]);
  if (result.code !== 0) throw new Error(`${script} ${argv.join(' ')}: ${result.lastError}`);
}

/** Runs a command as a message of ours tells it to people. */
export async function kafkaToolAsTold(message: string): Promise<void> {
  const [, script, argv] = /(kafka-[a-z]+\.sh) (.+)$/.exec(message) ?? [];
  if (script === undefined || argv === undefined || !(script in CLASSES))
    throw new Error(`no command in: ${message}`);
  await kafkaTool(script as keyof typeof CLASSES, argv.split(' '));
}
