// The only file that knows `pg`. Connecting, authenticating, TLS and plain queries are the library's; the messages of COPY, and of COPY
// in both directions, which replication is, are passed on as they come. There is no documented way to those, nor to its socket: what is
// used of its insides is declared in `Insides`. Its own errors and `error` events end here, as a Trouble.

import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import pg from 'pg';

import type { Refusal, Trouble } from './access-error.js';
import type { TlsOptions } from './access-options.js';
import type { AccessSettings, Host } from './access.js';

/** By column name, as Postgres writes the values; null: NULL. */
export type Row = Readonly<Record<string, string | null>>;

/** What a connection is to, all of it fixed while it lasts. */
export interface Target {
  readonly host: Host;
  readonly settings: AccessSettings;
  /** Takes the commands of replication, and plain queries without values. */
  readonly isReplication: boolean;
}

export interface ClientEvents {
  /** The way to the server stands, with TLS where that is wanted: the login begins. */
  reached(): void;
  /** An ErrorResponse, also one that a query or a COPY rejects with. */
  refused(refusal: Refusal): void;
  /** The connection cannot go on. May come several times, the cause first. */
  failed(trouble: Trouble): void;
  /** Something was read from the socket, and has been passed on. */
  heard(): void;
}

/** Who gets the messages of a COPY. */
export interface CopyTaker {
  /** The server has begun to stream, in both directions. */
  started?(): void;
  /** The server remarks something and goes on. */
  noticed?(remark: Refusal): void;
  /** Contents of the CopyData messages of one read of the socket, in order: valid during the call only. */
  take(messages: readonly Buffer[]): void;
}

/** pg.Connection of 8.23, as far as its types do not have it. */
interface Insides extends Omit<pg.Connection, 'stream'> {
  /** Replaced by a TLSSocket once TLS is agreed on. */
  readonly stream: Socket;
  /** Feeds what the socket reads to a parser, which throws on what it does not know. */
  attachListeners(stream: EventEmitter): void;
  sendCopyFromChunk(content: Buffer): void;
}

/** What pg.Client#query drives in place of a Query of its own. */
interface Submitted extends pg.Submittable {
  handleCopyData(message: { readonly chunk: Buffer }): void;
  handleError(error: Error): void;
  handleReadyForQuery(): void;
  handleCommandComplete(): void;
  handleRowDescription(): void;
  handleDataRow(): void;
  handleEmptyQuery(): void;
  handlePortalSuspended(): void;
  handleCopyInResponse(): void;
}

class NoPassword extends Error {}

const ignore = (): void => undefined;
/** All values stay text: types are the codec's. Also keeps the library's parsers out, which are global. */
const AS_TEXT = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig;
/**
 * Both kinds of connection write values alike, and are not ended by limits that are set for the role or the database. The encoding is
 * the library's, which is UTF-8.
 */
const SESSION = Object.entries({
  datestyle: 'ISO',
  intervalstyle: 'iso_8601',
  timezone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  lc_monetary: 'C',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
})
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(' ');

/** One connection of the library. Invariant: after the first `failed`, or `destroy`, everything pending rejects. */
export class Client {
  /** The socket is gone. */
  readonly ended: Promise<unknown>;
  readonly #client: pg.Client;
  readonly #insides: Insides;
  readonly #events: ClientEvents;
  readonly #parameters = new Map<string, string>();
  /** Set while a COPY runs. */
  #copy: { readonly taker: CopyTaker; readonly messages: Buffer[] } | undefined;

  constructor(target: Target, events: ClientEvents) {
    this.#events = events;
    this.#client = new pg.Client(clientConfig(target));
    this.#client.on('error', ignore); // listened to where they come from
    this.#insides = this.#client.connection as unknown as Insides;
    this.#insides.on('error', ignore);
    this.ended = new Promise((resolve) => this.#insides.once('end', resolve));
    this.#guardParser();
    this.#watch(target);
  }

  async connect(): Promise<void> {
    await this.#client.connect();
  }

  /** Rows of the last statement. */
  async query(text: string, values: readonly unknown[]): Promise<Row[]> {
    const result: unknown = await this.#client.query({ text, values: [...values], types: AS_TEXT });
    const last: unknown = Array.isArray(result) ? result.at(-1) : result;
    return (last as pg.QueryResult<Record<string, string | null>>).rows;
  }

  /** Resolves when the server has sent all there is. */
  async copy(text: string, taker: CopyTaker): Promise<void> {
    this.#copy = { taker, messages: [] };
    const { messages } = this.#copy;
    const finish = (settle: () => void): void => {
      this.#handOver();
      this.#copy = undefined;
      settle();
    };
    await new Promise<void>((resolve, reject) => {
      const submitted: Submitted = {
        submit: (connection) => connection.query(text),
        handleCopyData: ({ chunk }) => void messages.push(chunk),
        handleError: (error) => finish(() => reject(error)),
        handleReadyForQuery: () => finish(resolve),
        handleCommandComplete: ignore,
        handleRowDescription: ignore,
        handleDataRow: ignore,
        handleEmptyQuery: ignore,
        handlePortalSuspended: ignore,
        handleCopyInResponse: ignore,
      };
      this.#client.query(submitted);
    });
  }

  /** A CopyData message to the server. */
  send(content: Buffer): void {
    this.#insides.sendCopyFromChunk(content);
  }

  pause(): void {
    this.#insides.stream.pause();
  }

  resume(): void {
    this.#insides.stream.resume();
  }

  get isPaused(): boolean {
    return this.#insides.stream.isPaused();
  }

  /** Says goodbye and half-closes the socket: the server closes the other half when it has heard it. */
  sayGoodbye(): void {
    this.#insides.end();
  }

  /** Nothing more is handed over, though it may have been read already. */
  destroy(): void {
    this.#copy = undefined;
    this.#insides.stream.destroy();
  }

  /** What the server has reported of itself: `server_version`, `in_hot_standby`. */
  parameter(name: string): string | undefined {
    return this.#parameters.get(name);
  }

  /** The parser throws out of the socket's `data` event where a server asks for a login that it does not know (GSSAPI). */
  #guardParser(): void {
    const attach = this.#insides.attachListeners.bind(this.#insides);
    this.#insides.attachListeners = (stream) => {
      const feed = new EventEmitter();
      attach(feed);
      stream.on('data', (chunk: Buffer) => {
        try {
          feed.emit('data', chunk);
          this.#handOver();
        } catch (error) {
          this.#events.failed({ kind: 'login', error: error as Error });
        }
        this.#events.heard();
      });
    };
  }

  #handOver(): void {
    if (this.#copy === undefined || this.#copy.messages.length === 0) return;
    const { taker, messages } = this.#copy;
    taker.take(messages);
    messages.length = 0;
  }

  #watch({ settings }: Target): void {
    const { stream } = this.#insides;
    let answersTls = true;
    if (settings.tls === undefined) this.#insides.on('connect', () => this.#events.reached());
    else {
      stream.once('data', (answer: Buffer) => (answersTls = answer.toString('latin1') !== 'N'));
      this.#insides.on('sslconnect', () =>
        this.#insides.stream.once('secureConnect', () => this.#events.reached()),
      );
    }
    this.#insides.on('error', (error: Error) =>
      this.#events.failed(answersTls ? troubleOf(error) : { kind: 'no tls' }),
    );
    this.#insides.on('errorMessage', (error: Error) => {
      const refusal = refusalOf(error);
      if (refusal !== undefined) this.#events.refused(refusal);
    });
    this.#insides.on('notice', ({ code = '', message = '' }: { code?: string; message?: string }) => {
      this.#copy?.taker.noticed?.({ sqlState: code, text: message });
    });
    this.#insides.on('end', () => this.#events.failed({ kind: 'ended' }));
    this.#insides.on('replicationStart', () => this.#copy?.taker.started?.());
    this.#insides.on('parameterStatus', (said: { parameterName: string; parameterValue: string }) => {
      this.#parameters.set(said.parameterName, said.parameterValue);
    });
    if (settings.mustBindChannel) this.#insistOnBinding();
  }

  #insistOnBinding(): void {
    const refuse = (): void =>
      this.#events.failed({
        kind: 'login',
        error: new Error('channel_binding=require, and the server does not offer SCRAM-SHA-256-PLUS'),
      });
    let isBound = false;
    this.#insides.on('authenticationSASL', ({ mechanisms }: { mechanisms: readonly string[] }) => {
      isBound = mechanisms.includes('SCRAM-SHA-256-PLUS');
      if (!isBound) refuse();
    });
    for (const other of ['authenticationCleartextPassword', 'authenticationMD5Password']) {
      this.#insides.on(other, refuse);
    }
    this.#insides.on('authenticationOk', () => {
      if (!isBound) refuse();
    });
  }
}

/** Of what a query, a COPY or the login rejects with; undefined: it was not the server that refused. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined;
  return { sqlState: error.code ?? '', text: error.message };
}

function troubleOf(error: Error): Trouble {
  if (error instanceof NoPassword) return { kind: 'no password' };
  const { code } = error as { code?: unknown };
  return { kind: code === undefined ? 'login' : 'socket', error };
}

/** Everything is set, so that no PG... variable of the environment says otherwise. */
function clientConfig({ host, settings, isReplication }: Target): pg.ClientConfig {
  const { database, user, password, tls, mustBindChannel } = settings;
  return {
    host: host.name,
    port: host.port,
    database,
    user,
    password: password ?? (() => Promise.reject(new NoPassword())),
    ssl: tls === undefined ? false : tlsConfig(tls),
    sslnegotiation: 'postgres',
    enableChannelBinding: mustBindChannel,
    application_name: 'tailrace',
    options: SESSION,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...(isReplication && { replication: 'database' }),
  };
}

/** The library sets `servername` to the host where that is a name; what the certificate is checked for is ours to say. */
function tlsConfig({ ca, cert, key, servername, verify = true }: TlsOptions): ConnectionOptions {
  return {
    rejectUnauthorized: verify,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(servername !== undefined && {
      servername,
      checkServerIdentity: (_host, certificate) => checkServerIdentity(servername, certificate),
    }),
  };
}
