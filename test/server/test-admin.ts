// A real operator's port beside a real public server, with one real reader of a source that the test feeds.

import { request, type IncomingHttpHeaders } from 'node:http';
import { afterEach } from '@jest/globals';
import type { Receiver } from '../../connectors/contract.js';
import { Ingest } from '../../src/ingest/ingest.js';
import { Loading } from '../../src/lifecycle/loading.js';
import { MemoryLog } from '../../src/log/memory-log.js';
import type { ReadinessCheck, ReloadReport } from '../../src/server/admin-api.js';
import { AdminServer } from '../../src/server/admin-server.js';
import { statusOf } from '../../src/server/admin-status.js';
import { createLog } from '../../src/telemetry/logger.js';
import { ProcessMeter } from '../../src/telemetry/process-meter.js';
import { createMetrics } from '../../src/telemetry/scrape.js';
import { mappingOf } from '../ingest/records.js';
import { FedSource } from './fed-source.js';
import { TestServer, type LogEntry, type TestServerOptions } from './test-server.js';

export const ADMIN_TOKEN = 'cAnArY-admin-token';

export interface TestAdminOptions {
  /** null: none is configured. */
  readonly token?: string | null;
  readonly readiness?: () => readonly ReadinessCheck[];
  readonly reload?: () => Promise<ReloadReport>;
  readonly receiver?: (source: string) => Receiver | undefined;
  readonly requestMs?: number;
  readonly server?: TestServerOptions;
}

export interface Asked {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: unknown;
}

export class TestAdmin {
  readonly log: LogEntry[] = [];
  readonly source = new FedSource();
  readonly server: TestServer;
  readonly admin: AdminServer;
  readonly ingest: Ingest;
  readonly loading: Loading;
  readonly #meter = new ProcessMeter();
  readonly #reading = new AbortController();
  #ended: Promise<void> = Promise.resolve();
  port = 0;

  private constructor(server: TestServer, o: TestAdminOptions) {
    this.server = server;
    const { clock, fanOut } = server;
    const write = (line: string): void => void this.log.push(JSON.parse(line) as LogEntry);
    const log = createLog({ level: 'debug', style: 'json', write });
    this.ingest = new Ingest({
      name: 'quotes',
      source: this.source,
      mapping: mappingOf([{ path: 'prices/{key}' }]),
      keyFormat: 'string',
      valueFormat: 'json',
      writer: new MemoryLog(clock, fanOut).claim('quotes'),
      deadLetters: { write: () => undefined },
      clock,
      log,
    });
    this.loading = new Loading(clock, log, () => [this.ingest]);
    const readiness = o.readiness ?? (() => this.loading.checks());
    const { token = ADMIN_TOKEN } = o;
    const metrics = createMetrics({ version: '1.2.3', role: 'single', isInsecure: false });
    const suppliers = {
      version: '1.2.3',
      startedAt: clock.now(),
      now: () => clock.now(),
      sources: () => [this.ingest],
      fanOut: () => fanOut.counts(),
      server: () => server.server.traffic,
      sessions: () => server.server.sessions(),
      process: () => this.#meter.read(),
      refusals: () => this.admin.refusals,
    };
    this.admin = new AdminServer({
      clock,
      log,
      listen: {
        host: '127.0.0.1',
        port: 0,
        token: token === null ? undefined : { reveal: () => token },
      },
      metrics: () => metrics.scrape(),
      readiness,
      status: () => statusOf(suppliers, readiness()),
      ...(o.reload && { reload: o.reload }),
      ...(o.receiver && { receiver: o.receiver }),
      confirmable: (name) => (name === this.ingest.name ? this.ingest : undefined),
      ...(o.requestMs !== undefined && { requestMs: o.requestMs }),
    });
  }

  /** Both listen, the source is read; all is closed when the test ends. */
  static async start(o: TestAdminOptions = {}): Promise<TestAdmin> {
    const test = new TestAdmin(await TestServer.start(o.server), o);
    test.port = (await test.admin.listen()).port;
    test.#ended = test.ingest.run(test.#reading.signal);
    running.push(test);
    return test;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** As a client that may send anything. With the right token unless `headers` say otherwise. */
  ask(
    method: string,
    path: string,
    o: { headers?: Record<string, string>; body?: string | Buffer; port?: number } = {},
  ): Promise<Asked> {
    const headers = o.headers ?? { authorization: `Bearer ${ADMIN_TOKEN}` };
    return ask({ method, path, port: o.port ?? this.port, headers, body: o.body });
  }

  async close(): Promise<void> {
    this.#reading.abort();
    this.loading.drain();
    this.#meter.stop();
    await this.#ended;
    await this.admin.stop();
  }
}

function ask(o: {
  readonly method: string;
  readonly path: string;
  readonly port: number;
  readonly headers: Record<string, string>;
  readonly body: string | Buffer | undefined;
}): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: o.port, method: o.method, path: o.path, headers: o.headers, agent: false },
      (response) => {
        let text = '';
        response.on('data', (bytes) => (text += String(bytes)));
        response.on('end', () => {
          const isJson = response.headers['content-type'] === 'application/json' && text !== '';
          const json: unknown = isJson ? JSON.parse(text) : undefined;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
        });
      },
    );
    sent.on('error', reject);
    sent.end(o.body);
  });
}

const running: TestAdmin[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((test) => test.close()));
});
