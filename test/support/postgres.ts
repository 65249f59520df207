// A real Postgres of a test: its own data, a free port of 127.0.0.1, logical decoding on, and every way in which a server goes
// away and comes back. It dies with the test process however that ends, and its data with it.

import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';

import { freePort } from '../../src/demo/kafka-process.js';
import { giveToServer } from '../../src/demo/postgres-install.js';
import {
  configure,
  lastWords,
  makeCluster,
  spawnPostgres,
  type PostgresProcess,
} from '../../src/demo/postgres-process.js';
import { until } from './kafka.js';
import { postgresPrograms, type PostgresVersion } from './postgres-install.js';

export interface PostgresSettings {
  readonly version: PostgresVersion;
  /** Of postgresql.conf; override what a test server has. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** Lines of pg_hba.conf after the one that lets the superuser `postgres` in. Default: everybody is trusted. */
  readonly hba?: readonly string[];
  /** PEM texts; the server offers TLS then, and asks for certificates that `ca` signed where `hba` says so. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
  /** Of initdb. Segments are what WAL is kept and dropped by: 1 makes limits of a few MB mean something. Default 16. */
  readonly walSegmentMb?: number;
}

export type Row = Readonly<Record<string, unknown>>;

export interface Login {
  readonly user?: string;
  readonly password?: string;
}

/** One database of a server, fresh for a test. */
export interface TestDatabase {
  readonly name: string;
  url(login?: Login): string;
  /** Any number of statements, as superuser; rows of the last. */
  sql(text: string): Promise<Row[]>;
  /** A session of the superuser that stays open; the server's `close` ends it too. */
  connect(): Promise<pg.Client>;
}

const TEST_SETTINGS = {
  wal_level: 'logical',
  fsync: false,
  full_page_writes: false,
  unix_socket_directories: '',
  listen_addresses: '127.0.0.1',
  shared_buffers: '32MB',
  dynamic_shared_memory_type: 'mmap',
  max_connections: 60,
  max_wal_senders: 20,
  max_replication_slots: 20,
  autovacuum: false,
  jit: false,
  lc_messages: 'C',
};
const READY_WITHIN_MS = 30_000;
let databases = 0;

/** Initialises and starts a server, which takes 1 to 2 s. Rejects, with its last words, where it does not start. */
export async function startPostgres(settings: PostgresSettings): Promise<PostgresServer> {
  const segments = settings.walSegmentMb === undefined ? [] : [`--wal-segsize=${settings.walSegmentMb}`];
  const home = await makeCluster(postgresPrograms(settings.version), {
    prefix: `tailrace-test-postgres-${settings.version}-`,
    initdb: segments,
  });
  return PostgresServer.of(home, settings);
}

/** Owns one data folder and at most one process on it, and its port, which stays the same over restarts. */
export class PostgresServer {
  readonly version: PostgresVersion;
  readonly port: number;
  readonly dataFolder: string;
  readonly #home: string;
  readonly #clients = new Set<pg.Client>();
  #running: PostgresProcess | undefined;

  private constructor(home: string, version: PostgresVersion, port: number) {
    this.#home = home;
    this.dataFolder = join(home, 'data');
    this.version = version;
    this.port = port;
  }

  /** On the folder `data` of `home`, which somebody has initialised; started. */
  static async of(
    home: string,
    { version, settings = {}, hba, tls }: PostgresSettings,
  ): Promise<PostgresServer> {
    const server = new PostgresServer(home, version, await freePort());
    server.#writeTls(tls);
    server.configure({ ...TEST_SETTINGS, port: server.port, ssl: tls !== undefined, ...settings });
    server.setHba(hba);
    try {
      await server.start();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  /** What the server has written. */
  get log(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
  }

  url(database = 'postgres', { user = 'postgres', password }: Login = {}): string {
    const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`;
    return `postgres://${user}${secret}@127.0.0.1:${this.port}/${database}`;
  }

  /** Any number of statements, as superuser, by a connection of their own; rows of the last. */
  async sql(text: string, database = 'postgres'): Promise<Row[]> {
    const client = await this.connect(database);
    try {
      const results = (await client.query(text)) as unknown as pg.QueryResult | pg.QueryResult[];
      const last = Array.isArray(results) ? results.at(-1) : results;
      return (last?.rows ?? []) as Row[];
    } finally {
      this.#clients.delete(client);
      await client.end();
    }
  }

  async connect(database = 'postgres', login?: Login): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url(database, login),
      connectionTimeoutMillis: 10_000,
    });
    client.on('error', () => undefined);
    await client.connect();
    this.#clients.add(client);
    return client;
  }

  async createDatabase(prefix = 'test'): Promise<TestDatabase> {
    const name = `${prefix}_${++databases}`;
    await this.sql(`CREATE DATABASE ${name}`);
    return {
      name,
      url: (login) => this.url(name, login),
      sql: (text) => this.sql(text, name),
      connect: () => this.connect(name),
    };
  }

  /** Appends to postgresql.conf; takes effect at {@link reload} or at the next start. */
  configure(settings: Readonly<Record<string, string | number | boolean>>): void {
    configure(this.dataFolder, settings);
  }

  /** Replaces the lines of pg_hba.conf behind the superuser's; takes effect as settings do. */
  setHba(
    lines: readonly string[] = ['host all all 127.0.0.1/32 trust', 'host replication all 127.0.0.1/32 trust'],
  ): void {
    const first = ['host all postgres 127.0.0.1/32 trust', 'host replication postgres 127.0.0.1/32 trust'];
    writeFileSync(join(this.dataFolder, 'pg_hba.conf'), [...first, ...lines, ''].join('\n'));
  }

  /** Reads postgresql.conf and pg_hba.conf again; resolves when new connections see them. */
  async reload(): Promise<void> {
    const [row] = await this.sql('SELECT clock_timestamp()::text AS before, pg_reload_conf()');
    const seen = `SELECT pg_conf_load_time() >= '${String(row?.['before'])}' AS seen`;
    await until('the new configuration', async () => (await this.sql(seen))[0]?.['seen'] === true);
  }

  async start(): Promise<void> {
    if (this.#running !== undefined) return;
    const running = spawnPostgres(postgresPrograms(this.version), this.#home);
    this.#running = running;
    await until(
      'Postgres to start',
      async () => running.hasEnded || (await this.#accepts()),
      READY_WITHIN_MS,
    );
    if (!running.hasEnded) return;
    this.#running = undefined;
    throw new Error(
      `Postgres ${this.version} did not start. Install it anew: npm ci. Its last words:\n${lastWords(this.#home)}`,
    );
  }

  /** `fast` lets walsenders go first, `immediate` is a crash that cleans up its memory. */
  async stop(how: 'fast' | 'immediate' = 'fast'): Promise<void> {
    await this.#end(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
  }

  async restart(how: 'fast' | 'immediate' = 'fast'): Promise<void> {
    await this.stop(how);
    await this.start();
  }

  /** The first process is gone without a word; the others follow when they notice, until which nobody could start again. */
  async kill(): Promise<void> {
    const children = childrenOf(this.#running?.child.pid);
    await this.#end('SIGKILL');
    await until('the other processes to end', () => !children.some((pid) => existsSync(`/proc/${pid}`)));
  }

  /** Stops it and removes its data. Idempotent. */
  async close(): Promise<void> {
    for (const client of this.#clients) void client.end().catch(() => undefined);
    this.#clients.clear();
    await this.stop('immediate');
    rmSync(this.#home, { recursive: true, force: true });
  }

  get #logFile(): string {
    return join(this.#home, 'server.log');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    await this.#running?.end(signal);
    this.#running = undefined;
  }

  /** Answers queries, also as a standby. */
  async #accepts(): Promise<boolean> {
    if (!existsSync(join(this.dataFolder, 'postmaster.pid'))) return false;
    try {
      await this.sql('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }

  #writeTls(tls: PostgresSettings['tls']): void {
    if (tls === undefined) return;
    const files = { 'server.crt': tls.cert, 'server.key': tls.key, ...(tls.ca && { 'root.crt': tls.ca }) };
    for (const [name, text] of Object.entries(files)) {
      const file = join(this.dataFolder, name);
      writeFileSync(file, text);
      chmodSync(file, 0o600);
      giveToServer(file);
    }
    if (tls.ca !== undefined) this.configure({ ssl_ca_file: 'root.crt' });
  }
}

/** Linux only; elsewhere none are known. */
function childrenOf(pid: number | undefined): string[] {
  const list = `/proc/${pid}/task/${pid}/children`;
  return existsSync(list) ? readFileSync(list, 'utf8').trim().split(' ') : [];
}
