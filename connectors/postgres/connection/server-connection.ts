// One connection to one server, from login to its end, however that comes: what it may be asked, one statement after the other, and the
// one error that it ends with. Not which server it is to, nor what the statements mean.

import { SourceUnavailable } from '../../contract.js';
import {
  connectError,
  endsSession,
  lostError,
  StatementRefused,
  type Peer,
  type Refusal,
  type Trouble,
} from './access-error.js';
import { Client, refusalOf, type CopyTaker, type Row, type Target } from './client.js';

/** How long the server has to hear our goodbye. */
const GOODBYE_MS = 500;

/**
 * Invariant: from its first trouble on there is one error that everything pending and everything later rejects with, and the socket is
 * gone. At most one statement runs at a time; others wait for their turn.
 */
export class ServerConnection {
  readonly target: Target;
  readonly peer: Peer;
  readonly #client: Client;
  #phase: 'reaching' | 'logging in' | 'preparing' | 'open' = 'reaching';
  #failure: { readonly trouble: Trouble; readonly error: Error } | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #running: 'nothing' | 'statement' | 'stream' = 'nothing';
  #heardAtMs = performance.now();

  private constructor(target: Target) {
    this.target = target;
    this.peer = peerOf(target);
    this.#client = new Client(target, {
      reached: () => (this.#phase = 'logging in'),
      refused: (refusal) => this.#refused(refusal),
      failed: (trouble) => this.fail(this.#phase === 'reaching' ? asSocketTrouble(trouble) : trouble),
      heard: () => (this.#heardAtMs = performance.now()),
    });
  }

  /**
   * Connects, logs in and prepares within the connect timeout. Rejects as `connectError` says, or as `prepare` does. Whenever `signal`
   * aborts, the connection ends, and what is pending on it rejects with the reason.
   */
  static async open(
    target: Target,
    signal: AbortSignal,
    prepare: (connection: ServerConnection) => Promise<void>,
  ): Promise<ServerConnection> {
    signal.throwIfAborted();
    const connection = new ServerConnection(target);
    await connection.#open(signal, prepare);
    return connection;
  }

  /** Whether there is a server at all: any answer will do, also a refusal. */
  static async isAnswered(target: Target, signal: AbortSignal): Promise<boolean> {
    const connection = new ServerConnection(target);
    await connection.#open(signal, async () => undefined).catch(() => undefined);
    const kind = connection.#failure?.trouble.kind;
    await connection.close();
    return kind !== 'socket' && kind !== 'ended' && kind !== 'timeout';
  }

  async #open(signal: AbortSignal, prepare: (connection: this) => Promise<void>): Promise<void> {
    const afterMs = this.target.settings.connectTimeoutMs;
    const timer = setTimeout(() => this.fail({ kind: 'timeout', afterMs }), afterMs);
    const abort = (): void => this.fail({ kind: 'closed', reason: signal.reason as Error });
    signal.addEventListener('abort', abort, { once: true });
    void this.ended.then(() => signal.removeEventListener('abort', abort));
    try {
      await this.#login();
      await prepare(this);
      if (this.#failure !== undefined) throw this.#failure.error;
      this.#phase = 'open';
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #login(): Promise<void> {
    try {
      await this.#client.connect();
    } catch (error) {
      this.fail({ kind: 'login', error: error as Error }); // where its trouble is not known yet
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#phase = 'preparing';
  }

  /** Resolves when the socket is gone. */
  get ended(): Promise<unknown> {
    return this.#client.ended;
  }

  /** What it ended with. */
  get failure(): Error | undefined {
    return this.#failure?.error;
  }

  /** 15, 18; 0: the server does not say. */
  get majorVersion(): number {
    return Number.parseInt(this.#client.parameter('server_version') ?? '0', 10);
  }

  /** When the server, or whoever answers in its place, was heard of last. In ms of performance.now(). */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  get isPaused(): boolean {
    return this.#client.isPaused;
  }

  /** The server owes an answer, and nothing keeps us from hearing it. */
  get isWaiting(): boolean {
    return this.#running === 'statement' && !this.isPaused;
  }

  /**
   * Rows of the last statement of `text`. With values it is one statement, which a replication connection does not take.
   * Rejects with StatementRefused, or with what the connection ended with.
   */
  query(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#inTurn('statement', () => this.#client.query(text, values));
  }

  /** Resolves when the server has sent all there is. `stream`: it takes {@link send} meanwhile. Rejects as {@link query} does. */
  copy(text: string, kind: 'statement' | 'stream', taker: CopyTaker): Promise<void> {
    return this.#inTurn(kind, () => this.#client.copy(text, taker));
  }

  /** The contents of a CopyData message to the server. */
  send(content: Buffer): void {
    if (this.#failure === undefined) this.#client.send(content);
  }

  /** Stops reading: once the buffers on the way are full, the server waits. */
  pause(): void {
    this.#client.pause();
  }

  resume(): void {
    this.#heardAtMs = performance.now();
    this.#client.resume();
  }

  /** Ends the connection at once; the first trouble is the one that counts. */
  fail(trouble: Trouble): void {
    if (this.#failure !== undefined) return;
    const error = this.#phase === 'open' ? lostError(trouble, this.peer) : connectError(trouble, this.peer);
    this.#failure = { trouble, error };
    this.#client.destroy();
  }

  /** Says goodbye first, where the server listens. Done within half a second. Idempotent. */
  async close(): Promise<void> {
    const reason = new SourceUnavailable(`the connection to ${this.peer.place} was closed`);
    if (this.#running === 'statement') this.fail({ kind: 'closed', reason });
    if (this.#failure === undefined) {
      this.#failure = { trouble: { kind: 'closed', reason }, error: reason };
      this.#client.sayGoodbye();
      this.#client.resume(); // its end would not be read otherwise
    }
    const timer = setTimeout(() => this.#client.destroy(), GOODBYE_MS);
    await this.#client.ended;
    clearTimeout(timer);
  }

  #refused(refusal: Refusal): void {
    const isAnswer = this.#running !== 'nothing';
    if (!isAnswer) this.fail({ kind: 'refused', refusal });
  }

  async #inTurn<T>(kind: 'statement' | 'stream', run: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      if (this.#failure !== undefined) throw this.#failure.error;
      this.#running = kind;
      this.#heardAtMs = performance.now();
      try {
        return await run();
      } catch (error) {
        throw this.#errorOf(error);
      } finally {
        this.#running = 'nothing';
      }
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #errorOf(error: unknown): Error {
    const refusal = refusalOf(error);
    if (refusal === undefined) this.fail({ kind: 'socket', error: error as Error });
    else if (endsSession(refusal.sqlState)) this.fail({ kind: 'refused', refusal });
    else if (this.#failure === undefined) return new StatementRefused(refusal, this.peer);
    return this.#failure?.error ?? (error as Error);
  }
}

function peerOf({ host, settings, isReplication }: Target): Peer {
  const name = host.name.includes(':') ? `[${host.name}]` : host.name;
  return {
    place: `${name}:${host.port}/${settings.database}`,
    user: settings.user,
    isReplication,
    hasTls: settings.tls !== undefined,
    hasAuthorities: settings.tls?.ca !== undefined,
    hasCertificate: settings.tls?.cert !== undefined,
  };
}

/** Before the login begins there is nothing of it that could fail. */
function asSocketTrouble(trouble: Trouble): Trouble {
  return trouble.kind === 'login' ? { kind: 'socket', error: trouble.error } : trouble;
}
