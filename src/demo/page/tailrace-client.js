// A small client of the `tailrace.v1.json` wire with no dependency: connects, proves who it is, subscribes, acknowledges what
// it has processed, and connects again. It starts anew after a cut and does not resume. PROTOCOL.md describes the wire.

import { HeldValues } from './held-values.js';
import { Snapshots } from './snapshots.js';

const ACK_EVERY_MS = 1_000;
const ACK_EVERY_CHARS = 64 * 1024;
const REFRESH_BEFORE_MS = 60_000;
const BACKOFF_MS = { first: 1_000, most: 32_000 };
/** These close codes, and all from 4500 on, say: do not come back before something is changed. */
const FATAL_CODES = [1003, 1008, 1009];
const FIRST_FATAL_CODE = 4500;

/** Invariant: one socket at most, and timers only for that one. */
export class TailraceClient {
  /** connecting | loading | live | lagging | stale | offline | stopped */
  phase = 'connecting';

  #options;
  #held;
  #socket;
  #snapshots = new Snapshots();
  #isLagging = false;
  #frames = 0;
  #ackedFrames = 0;
  #charsSinceAck = 0;
  #lastHeard = 0;
  #beatMs = 30_000;
  #failures = 0;
  /** What the server asked for, if it said that it would stop. */
  #retryMs;
  #commands = 0;
  /** Grows with each attempt to connect and each loss, so that what belongs to an earlier one is known. */
  #attempt = 0;
  #timers = new Map();

  /**
   * `url`, `token` (async function), `filters` (a subscription each), and what to call: `onChange(entry, tag)` per value or
   * delete, of a transaction when all of it is held; `onPhase(phase)`, `onLine(line)`, `onMessage(text)`,
   * `onSubscribed(filter, rights)`, `onCaughtUp(conflated)`. `WebSocket` may be another class of that shape.
   */
  constructor(options) {
    this.#options = { WebSocket: globalThis.WebSocket, ...options };
    this.#held = new HeldValues({
      onChange: options.onChange,
      onBracket: options.onBracket,
      onMismatch: (alias) => this.#send({ op: 'resync', a: alias }),
    });
    void this.#connect();
  }

  /** path -> { path, value, version, at, isStale } */
  get entries() {
    return this.#held.entries;
  }

  /** Drops the connection; it comes back by itself. */
  cut(backAfterMs = 1_500) {
    this.#lost(backAfterMs);
  }

  async #connect() {
    this.#enter('connecting');
    const attempt = (this.#attempt += 1);
    const token = await this.#options.token().catch(() => undefined);
    if (attempt !== this.#attempt) return;
    if (token === undefined) return this.#lost();
    const socket = new this.#options.WebSocket(this.#options.url, 'tailrace.v1.json');
    this.#socket = socket;
    this.#frames = this.#ackedFrames = this.#charsSinceAck = 0;
    socket.onopen = () => this.#open(token);
    socket.onmessage = ({ data }) => socket === this.#socket && this.#receive(data);
    socket.onclose = ({ code }) => {
      if (socket !== this.#socket) return;
      if (code >= FIRST_FATAL_CODE || FATAL_CODES.includes(code)) this.#enter('stopped');
      else this.#lost();
    };
  }

  #open(token) {
    const subscribe = this.#options.filters.map((filter) => ({
      id: this.#nextId(),
      filters: [filter],
      times: true,
    }));
    this.#snapshots.ask(subscribe);
    this.#send({ op: 'auth', id: this.#nextId(), token, acks: true, subscribe });
    this.#lastHeard = Date.now();
    this.#every('ack', ACK_EVERY_MS, () => this.#acknowledge());
    this.#every(
      'silence',
      ACK_EVERY_MS,
      () => Date.now() - this.#lastHeard > 2 * this.#beatMs && this.#lost(0),
    );
  }

  /** Values stay as they are meanwhile; the next snapshot confirms or sweeps them. */
  #lost(
    backAfterMs = this.#retryMs ??
      Math.random() * Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** this.#failures++),
  ) {
    this.#retryMs = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    this.#timers.forEach(clearInterval);
    this.#timers.clear();
    this.#held.disconnected();
    this.#isLagging = false;
    this.#enter('offline');
    const attempt = (this.#attempt += 1);
    setTimeout(() => attempt === this.#attempt && void this.#connect(), backAfterMs);
  }

  #receive(message) {
    this.#lastHeard = Date.now();
    this.#options.onMessage?.(message);
    for (const line of message.split('\n')) {
      this.#options.onLine?.(line);
      if (line.startsWith('[')) this.#held.apply(JSON.parse(line));
      else if (line !== '') this.#control(JSON.parse(line));
      if (this.#socket === undefined) return; // the line made us give up this connection
    }
    this.#settle();
    this.#frames += 1;
    this.#charsSinceAck += message.length;
    if (this.#charsSinceAck >= ACK_EVERY_CHARS) this.#acknowledge();
  }

  #control(line) {
    switch (line.op) {
      case 'welcome':
        this.#failures = 0;
        this.#beatMs = line.beatMs;
        return this.#refreshBefore(line.exp);
      case 'refreshed':
        return this.#refreshBefore(line.exp);
      case 'subscribed':
        return this.#options.onSubscribed?.(this.#snapshots.subscribed(line), line.rights);
      case 'end':
        return this.#held.sweep(this.#snapshots.ended(line.sub));
      case 'reset':
        if (line.x !== undefined) return this.#held.forgetSource(line.x);
        return this.#held.doubt(this.#snapshots.restarted(line.sub));
      case 'lagging':
        return void (this.#isLagging = true);
      case 'caught-up':
        this.#isLagging = false;
        return this.#options.onCaughtUp?.(line.conflated);
      case 'beat':
        // The server counts too: who has fewer lost something on the way and starts anew
        return void (line.frames === this.#frames || this.#lost(0));
      case 'goaway':
        return void (this.#retryMs = line.retryMs);
      default:
        if (line.error !== undefined) console.warn(`tailrace: ${line.error.code}: ${line.error.message}`);
    }
  }

  #acknowledge() {
    if (this.#frames === this.#ackedFrames) return;
    this.#ackedFrames = this.#frames;
    this.#charsSinceAck = 0;
    this.#send({ op: 'ack', frames: this.#frames });
  }

  #refreshBefore(expiresAt) {
    if (expiresAt === undefined) return;
    const inMs = Math.max(1_000, expiresAt - Date.now() - REFRESH_BEFORE_MS);
    this.#every('refresh', inMs, async () => {
      const token = await this.#options.token().catch(() => undefined);
      if (token !== undefined) this.#send({ op: 'auth', id: this.#nextId(), token });
    });
  }

  #settle() {
    if (this.#isLagging) this.#enter('lagging');
    else if (this.#snapshots.isLoading) this.#enter('loading');
    else this.#enter(this.#held.isStale ? 'stale' : 'live');
  }

  #enter(phase) {
    if (phase === this.phase) return;
    this.phase = phase;
    this.#options.onPhase?.(phase);
  }

  #send(command) {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(command));
  }

  #nextId() {
    return (this.#commands += 1);
  }

  #every(name, ms, task) {
    clearInterval(this.#timers.get(name));
    this.#timers.set(name, setInterval(task, ms));
  }
}
