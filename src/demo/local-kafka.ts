// A real Kafka broker on this machine, for the demo and the tests: installed when it is missing, ready in about two seconds,
// able to be killed and started again on the same port and data.

import { ensureKafkaInstalled, type InstallOptions } from './kafka-install.js';
import { KafkaDidNotStart, spawnBroker, type BrokerProcess, type BrokerSettings } from './kafka-process.js';

export interface StartOptions extends InstallOptions {
  /** Settings and log segments; made when missing. Two running brokers need two. */
  readonly dataDir: string;
  /** Default: a free one. */
  readonly port?: number;
  /** More listeners, as `SASL_PLAINTEXT://127.0.0.1:19094`. */
  readonly extraListeners?: readonly string[];
  /** Lines of server.properties that differ from ours. */
  readonly properties?: Readonly<Record<string, string>>;
}

export interface LocalKafka {
  /** One address, `127.0.0.1:port`; the same after `restart`. */
  readonly brokers: readonly string[];
  readonly port: number;
  /** Of the process that runs now or ran last. */
  readonly pid: number;
  /** Clean stop, within about a second. Idempotent. */
  stop(): Promise<void>;
  /** SIGKILL resolves when the process has ended. */
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** Starts again on the same port and data; stops first what still runs. */
  restart(): Promise<void>;
}

const BIND_ATTEMPTS = 3;

/** Installs Kafka when needed and resolves when the broker serves. Throws KafkaNotInstallable or KafkaDidNotStart. */
export async function startKafka(options: StartOptions): Promise<LocalKafka> {
  const install = await ensureKafkaInstalled(options);
  const { dataDir, extraListeners, properties } = options;
  const settings: BrokerSettings = {
    dataDir,
    ...(extraListeners && { extraListeners }),
    ...(properties && { properties }),
  };
  const start = async (ports: Pick<BrokerSettings, 'port' | 'controllerPort'>): Promise<BrokerProcess> =>
    spawnBroker(install, { ...settings, ...ports });

  let broker = await startOnFreePorts(start, options.port);
  const { port, controllerPort } = broker;
  return {
    brokers: [`127.0.0.1:${port}`],
    port,
    get pid() {
      return broker.pid;
    },
    stop: () => broker.stop(),
    kill: (signal) => broker.kill(signal),
    async restart() {
      await broker.stop();
      broker = await start({ port, controllerPort });
    },
  };
}

/** A port that was free may be taken by the time the broker binds it; then the next one is tried. */
async function startOnFreePorts(
  start: (ports: Pick<BrokerSettings, 'port' | 'controllerPort'>) => Promise<BrokerProcess>,
  port: number | undefined,
): Promise<BrokerProcess> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(port === undefined ? {} : { port });
    } catch (error) {
      const taken = error instanceof KafkaDidNotStart && error.message.includes('failed to bind');
      if (!taken || attempt === BIND_ATTEMPTS) throw error;
    }
  }
}
