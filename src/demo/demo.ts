// The demo: a Kafka, a market that moves in it, Tailrace by examples/demo.yaml, and a page on which three people watch the one
// feed. Tailrace is started as `tailrace run` would start it; all that is the demo's own stays in this folder.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { connectors } from '../../connectors/registry.js';
import type { DemoOptions } from '../cli/demo.js';
import { systemClock } from '../clock.js';
import { isLoopback } from '../config/auth.js';
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load.js';
import { Secret } from '../config/secret.js';
import { TailraceError } from '../errors.js';
import { startPipeline } from '../pipeline.js';
import { staticPages, type PageHandler } from '../server/pages.js';
import { controlApi } from './control-api.js';
import { externalBroker, ownBroker, type DemoBroker } from './demo-broker.js';
import { KafkaNotInstallable } from './kafka-install.js';
import { KafkaDidNotStart } from './kafka-process.js';
import { MarketFeed } from './market-feed.js';
import { DEMO_MARKET, Market } from './market.js';
import { randomSecret } from './tokens.js';

const CONFIG_FILE = fileURLToPath(new URL('../../examples/demo.yaml', import.meta.url));
const PAGE_DIRECTORY = fileURLToPath(new URL('./page/', import.meta.url));
/** The page applies the wire's JSON patches with the library that others would use; it comes from here, so it works offline. */
const LIBRARY_PREFIX = '/vendor/fast-json-patch/';
const LIBRARY_DIRECTORY = join(
  dirname(createRequire(import.meta.url).resolve('fast-json-patch/package.json')),
  'module',
);
const RECORDS_PER_SECOND = 1_000;
const SECURITY_POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'";

export interface RunningDemo {
  /** Of the page. */
  readonly url: string;
  /** Ends everything that was started and removes what was written. Idempotent. */
  stop(): Promise<void>;
}

/** Runs until `signal` aborts. Throws a TailraceError where something that it needs is missing; nothing is left running then. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const demo = await startDemo(options);
  if (!options.signal.aborted) {
    await new Promise<void>((resolve) =>
      options.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
  }
  options.notice('Stopping.');
  await demo.stop();
}

/** Resolves when the page can be opened and has values to show. */
export async function startDemo(options: DemoOptions): Promise<RunningDemo> {
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    const url = await startParts(options, closers);
    let closed: Promise<void> | undefined;
    return { url, stop: () => (closed ??= close()) };
  } catch (error) {
    await close();
    throw known(error);
  }
}

/** Each part that has to be ended adds to `closers` once it runs. */
async function startParts(options: DemoOptions, closers: (() => Promise<void>)[]): Promise<string> {
  const { notice, host, port, log, signal } = options;
  const broker = await brokerFor(options);
  closers.push(() => broker.close());

  const { instruments, orders } = DEMO_MARKET;
  notice(`Writing ${instruments} prices and ${orders} orders to demo.quotes and demo.orders.`);
  const feed = new MarketFeed({ ...broker, market: new Market(DEMO_MARKET), rate: RECORDS_PER_SECOND });
  closers.push(() => feed.close());
  await openFeed(feed, broker);

  const secret = randomSecret();
  const config = await demoConfig(options, { brokers: broker.brokers, secret });
  const isForThisMachine = isLoopback(host);
  const pages = demoPages(controlApi({ feed, broker, secret, isForThisMachine }));
  const pipeline = await startPipeline(config, { clock: systemClock, log, signal, pages });
  closers.push(() => pipeline.stop());
  await pipeline.ready;
  feed.start();

  const url = `http://127.0.0.1:${port}/`;
  if (!isForThisMachine)
    notice(`Whoever reaches port ${port} of ${host} is given tokens: publish it on 127.0.0.1 only.`);
  notice(`The demo is ready: ${url} (Ctrl-C ends it)`);
  return url;
}

async function brokerFor({ brokers, notice }: DemoOptions): Promise<DemoBroker> {
  if (brokers !== undefined) return externalBroker(brokers);
  notice('Starting a local Kafka.');
  return ownBroker((line) => notice(`  ${line}`));
}

async function openFeed(feed: MarketFeed, { brokers }: DemoBroker): Promise<void> {
  await feed.open().catch((cause: unknown) => {
    throw new TailraceError(
      'upstream-unreachable',
      `Kafka at ${brokers.join(', ')} does not take the demo's records`,
      { cause },
    );
  });
}

/** What the file says, but for the addresses and brokers of this run. */
async function demoConfig(
  { host, port, adminPort }: DemoOptions,
  { brokers, secret }: { readonly brokers: readonly string[]; readonly secret: string },
): Promise<Config> {
  const file = { name: 'examples/demo.yaml', text: await readFile(CONFIG_FILE, 'utf8') };
  const env = { DEMO_JWT_SECRET: secret, DEMO_KAFKA: brokers[0] };
  const readNone = (path: string): never => {
    throw new TailraceError('file-unreadable', path);
  };
  const { config, findings } = loadConfig(file, connectors, { kind: 'online', env, readFile: readNone });
  if (config === undefined) {
    throw new TailraceError('config-rejected', findings.map(({ message }) => message).join('; '));
  }
  return {
    ...config,
    listen: {
      ...config.listen,
      host,
      port,
      origins: [`http://127.0.0.1:${port}`, `http://localhost:${port}`],
    },
    admin: { ...config.admin, host, port: adminPort },
    sources: config.sources.map((source) => ({
      ...source,
      options: new Secret({ ...source.options.reveal(), brokers: [...brokers] }),
    })),
  };
}

/** The demo's own part of the public port; the product serves no pages. */
function demoPages(api: PageHandler): PageHandler {
  const files = staticPages(PAGE_DIRECTORY);
  const library = staticPages(LIBRARY_DIRECTORY);
  return (request, response, pathname) => {
    response.setHeader('Content-Security-Policy', SECURITY_POLICY);
    if (pathname.startsWith(LIBRARY_PREFIX)) {
      return library(request, response, pathname.slice(LIBRARY_PREFIX.length - 1));
    }
    return api(request, response, pathname) || files(request, response, pathname);
  };
}

function known(error: unknown): unknown {
  if (error instanceof KafkaNotInstallable)
    return new TailraceError('prerequisite-missing', error.message, { cause: error });
  if (error instanceof KafkaDidNotStart)
    return new TailraceError('upstream-unreachable', error.message, { cause: error });
  return error;
}
