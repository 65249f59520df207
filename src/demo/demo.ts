// The demo: a Kafka and a Postgres, a market that moves in them, weather behind HTTP, Tailrace by examples/demo.yaml, and a page on
// which three people watch all of it. Tailrace is started as `tailrace run` would start it; all that is the demo's own stays in this folder.

import { isIP } from 'node:net';
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
import { TailraceError } from '../errors.js';
import { startPipeline } from '../pipeline.js';
import { staticPages, type PageHandler } from '../server/pages.js';
import { controlApi } from './control-api.js';
import { externalBroker, ownBroker, type DemoBroker } from './demo-broker.js';
import { externalDatabase, ownDatabase, PostgresDidNotStart, type DemoDatabase } from './demo-database.js';
import { KafkaNotInstallable } from './kafka-install.js';
import { KafkaDidNotStart } from './kafka-process.js';
import { MarketFeed } from './market-feed.js';
import { DEMO_MARKET, Market } from './market.js';
import { orderButtons } from './order-buttons.js';
import { OrdersTable } from './orders-table.js';
import { PostgresNotInstalled } from './postgres-install.js';
import { QuotesTopic } from './quotes-topic.js';
import { randomSecret } from './tokens.js';
import { Weather } from './weather.js';
import { WEATHER_PATH, WeatherFeed } from './weather-feed.js';

const CONFIG_FILE = fileURLToPath(new URL('../../examples/demo.yaml', import.meta.url));
const PAGE_DIRECTORY = fileURLToPath(new URL('./page/', import.meta.url));
/** The page applies the wire's JSON patches with the library that others would use; it comes from here, so it works offline. */
const LIBRARY_PREFIX = '/vendor/fast-json-patch/';
const LIBRARY_DIRECTORY = join(
  dirname(createRequire(import.meta.url).resolve('fast-json-patch/package.json')),
  'module',
);
const CHANGES_PER_SECOND = 1_000;
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
  const closers: Closers = [];
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

type Closers = (() => Promise<void>)[];

/** Each part that has to be ended adds to `closers` once it runs. */
async function startParts(options: DemoOptions, closers: Closers): Promise<string> {
  const { notice, host, port, log, signal } = options;
  const [broker, database] = await both(startBroker(options, closers), startDatabase(options, closers));
  const market = new Market(DEMO_MARKET);
  notice(
    `Writing ${DEMO_MARKET.instruments} prices into Kafka and ${DEMO_MARKET.orders} orders into Postgres.`,
  );
  const quotes = await openQuotes(market, broker, closers);
  const orders = await openOrders(market, database, closers);
  const feed = new MarketFeed({ market, quotes, orders, rate: CHANGES_PER_SECOND });
  closers.push(() => feed.close());
  const weather = new WeatherFeed(new Weather(DEMO_MARKET.seed));
  closers.push(async () => weather.close());

  const secret = randomSecret();
  const env = {
    DEMO_JWT_SECRET: secret,
    DEMO_KAFKA: broker.brokers.join(','),
    DEMO_POSTGRES: orders.readerUrl,
    DEMO_WEATHER: `http://${reachable(host)}:${port}${WEATHER_PATH}`,
  };
  const config = await demoConfig(options, env);
  const isForThisMachine = isLoopback(host);
  const press = orderButtons(market, (sql) => orders.run(sql));
  const pages = demoPages(
    controlApi({ feed, weather, broker, press, secret, isForThisMachine }),
    weather.pages,
  );
  const pipeline = await startPipeline(config, { clock: systemClock, log, signal, pages });
  closers.push(() => pipeline.stop());
  await pipeline.ready;
  feed.start();
  weather.start();

  const url = `http://127.0.0.1:${port}/`;
  if (!isForThisMachine)
    notice(`Whoever reaches port ${port} of ${host} is given tokens: publish it on 127.0.0.1 only.`);
  notice(`The demo is ready: ${url} (Ctrl-C ends it)`);
  return url;
}

/** Waits for the other one where one fails, so that both can be ended. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

async function startBroker({ brokers, notice }: DemoOptions, closers: Closers): Promise<DemoBroker> {
  if (brokers !== undefined) return externalBroker(brokers);
  notice('Starting a local Kafka.');
  const broker = await ownBroker((line) => notice(`  ${line}`));
  closers.push(() => broker.close());
  return broker;
}

async function startDatabase({ postgres, notice }: DemoOptions, closers: Closers): Promise<DemoDatabase> {
  if (postgres !== undefined) return externalDatabase(postgres.href);
  notice('Starting a local Postgres.');
  const database = await ownDatabase();
  closers.push(() => database.close());
  return database;
}

async function openQuotes(market: Market, { brokers }: DemoBroker, closers: Closers): Promise<QuotesTopic> {
  const topic = new QuotesTopic(brokers);
  closers.push(() => topic.close());
  await topic.open(market.quotes()).catch((cause: unknown) => {
    const where = `Kafka at ${brokers.join(', ')}`;
    throw new TailraceError('upstream-unreachable', `${where} does not take the demo's records`, { cause });
  });
  return topic;
}

async function openOrders(market: Market, database: DemoDatabase, closers: Closers): Promise<OrdersTable> {
  const table = new OrdersTable(database);
  closers.push(() => table.close());
  await table.open(market.orders(), market.watchedOrders()).catch((cause: unknown) => {
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    const message = `Postgres at ${new URL(database.url).host} does not take the demo's table${why}`;
    throw new TailraceError('upstream-unreachable', message, { cause });
  });
  return table;
}

/** What the file says, but for the addresses of this run. `env` are its variables. */
async function demoConfig(
  { host, port, adminPort }: DemoOptions,
  env: Readonly<Record<string, string>>,
): Promise<Config> {
  const file = { name: 'examples/demo.yaml', text: await readFile(CONFIG_FILE, 'utf8') };
  const readNone = (path: string): never => {
    throw new TailraceError('file-unreadable', path);
  };
  const { config, findings } = loadConfig(file, connectors, { kind: 'online', env, readFile: readNone });
  if (config === undefined) {
    throw new TailraceError('config-rejected', findings.map(({ message }) => message).join('; '));
  }
  const { allow } = config.outbound;
  const origins = [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
  return {
    ...config,
    listen: { ...config.listen, host, port, origins },
    admin: { ...config.admin, host, port: adminPort },
    outbound: { allow: [...allow, ...rangesOf(host)] },
  };
}

/** What must be allowed besides the loopback, so that the demo reaches its own weather at `host`. */
function rangesOf(host: string): readonly string[] {
  if (isLoopback(host) || isUnspecified(host)) return [];
  return [isIP(host) === 0 ? 'private' : host];
}

/** From this process: all addresses of a machine have the loopback among them. */
function reachable(host: string): string {
  if (isUnspecified(host)) return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** The demo's own part of the public port; the product serves no pages. */
function demoPages(api: PageHandler, weather: PageHandler): PageHandler {
  const files = staticPages(PAGE_DIRECTORY);
  const library = staticPages(LIBRARY_DIRECTORY);
  return (request, response, pathname) => {
    response.setHeader('Content-Security-Policy', SECURITY_POLICY);
    if (pathname.startsWith(LIBRARY_PREFIX)) {
      return library(request, response, pathname.slice(LIBRARY_PREFIX.length - 1));
    }
    return [api, weather, files].some((pages) => pages(request, response, pathname));
  };
}

function known(error: unknown): unknown {
  if (error instanceof KafkaNotInstallable || error instanceof PostgresNotInstalled)
    return new TailraceError('prerequisite-missing', error.message, { cause: error });
  if (error instanceof KafkaDidNotStart || error instanceof PostgresDidNotStart)
    return new TailraceError('upstream-unreachable', error.message, { cause: error });
  return error;
}
