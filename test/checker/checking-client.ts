// A reference client that believes nothing: it applies every line of `tailrace.v1.json` as PROTOCOL.md says and asserts the
// guarantees after each. It knows no transport: give it messages by `receive`, take its commands from `send`.

import type { Clock } from '../../src/clock.js';
import { canonical, type Value } from '../oracle/naive-json.js';
import type { World } from '../oracle/history.js';
import { Acknowledgements } from './acknowledgements.js';
import { Boundaries } from './boundaries.js';
import { Bracket } from './bracket.js';
import { ClientSubscription, type Wanted } from './client-subscription.js';
import type { HeldStream } from './held-stream.js';
import { HeldPaths, type Touched } from './held-paths.js';
import { seesEverything, type Sight } from './sight.js';
import { Violation } from './violation.js';

export interface CheckingClientOptions {
  /** Takes one line, a JSON object, to the server. */
  readonly send: (line: string) => void;
  readonly clock: Clock;
  /** Acknowledges by lines; else by the transport's pongs. */
  readonly acks?: boolean;
  /** The truth; without it values are applied and not verified. */
  readonly world?: World;
  /** Told whenever what is held may be looked at: after a line that stands alone, and after a bracket. */
  readonly applied?: () => void;
}

type Control = Readonly<Record<string, unknown>>;

const TRAIL_LINES = 12;

/** Invariant: what `valuesOf` gives has passed every check of every line so far; the first line that fails throws. */
export class CheckingClient {
  /** Errors that the server answered, by command. */
  readonly refusals = new Map<number, string>();
  readonly #options: CheckingClientOptions;
  readonly #acks: Acknowledgements;
  readonly #held = new HeldPaths();
  readonly #bracket = new Bracket();
  readonly #boundaries: Boundaries | undefined;
  readonly #subscriptions = new Map<number, ClientSubscription>();
  readonly #trail: string[] = [];
  #waiting: (() => void)[] | undefined;
  #nextId = 1;
  #frames = 0;
  /** The world's moment when the message before this one was written. */
  #writtenBefore = 0;
  #state = { isLagging: false, isWelcome: false, expiresAt: undefined as number | undefined };

  constructor(options: CheckingClientOptions) {
    this.#options = options;
    this.#acks = new Acknowledgements(options.clock, (frames) => this.#say({ op: 'ack', frames }));
    this.#boundaries = options.world && new Boundaries(options.world);
  }

  get isLagging(): boolean {
    return this.#state.isLagging;
  }

  get isWelcome(): boolean {
    return this.#state.isWelcome;
  }

  get frames(): number {
    return this.#frames;
  }

  /** Live: joined and not lagging, so that what it holds ought to be current as soon as all has been read. */
  isLive(id: number): boolean {
    return this.#subscription(id).phase === 'live' && !this.#state.isLagging;
  }

  authenticate(token: string | undefined): number {
    return this.#command({ op: 'auth', token, acks: true });
  }

  /** Returns the client's number of the command and of the subscription. */
  subscribe(wanted: Wanted): number {
    this.#subscriptions.set(this.#nextId, new ClientSubscription(wanted, this.#options.world?.moment ?? 0));
    return this.#command({ op: 'subscribe', ...wanted });
  }

  /** Says that it no longer wants it; data may come until the server has answered. false: there is nothing to say yet. */
  unsubscribe(id: number): boolean {
    const subscription = this.#subscription(id);
    const { sub, phase } = subscription;
    if (sub === undefined || phase === 'over') return false;
    subscription.isLeaving = true;
    this.#command({ op: 'unsubscribe', sub });
    return true;
  }

  /** Damages what is held of a path and asks for it again. */
  loseAndResync(path: string): void {
    for (const { intent } of this.#subscriptions.values()) {
      const stream = intent === undefined ? undefined : this.#held.find(intent, path);
      if (stream?.value === undefined) continue;
      stream.lose();
      this.#say({ op: 'resync', a: stream.alias });
    }
  }

  /** From now on messages wait until `read`: a client that is busy. */
  pause(): void {
    this.#waiting ??= [];
  }

  /** Reads all that waits, and from now on at once again. */
  resume(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const task of waiting) task();
  }

  /** The connection is gone. */
  stop(): void {
    this.#acks.stop();
    this.#waiting = undefined;
  }

  /** One WebSocket message. `sight` is what the session was allowed when the server wrote it. */
  receive(message: string, sight: Sight = seesEverything): void {
    this.#inOrder(() => this.#process(message, sight));
  }

  /** Does a thing of the transport in order with the messages: a pong is sent when what came before the ping is read. */
  whenRead(task: () => void): void {
    this.#inOrder(task);
  }

  /** What is held for a subscription: path -> value. */
  valuesOf(id: number): Map<string, Value> {
    const values = new Map<string, Value>();
    for (const { path, value } of this.#streamsOf(this.#subscription(id)))
      if (value !== undefined) values.set(path, value);
    return values;
  }

  /** The paths of a subscription that the client shows as old. */
  staleOf(id: number): Set<string> {
    const streams = [...this.#streamsOf(this.#subscription(id))];
    return new Set(streams.filter((s) => s.isHeld && this.#held.isStale(s)).map(({ path }) => path));
  }

  /** Throws unless what is held for the subscription is exactly this: what must be true once all is quiet (G4, G5, G8). */
  expectValues(id: number, expected: ReadonlyMap<string, Value>): void {
    const subscription = this.#subscription(id);
    if (subscription.phase !== 'live')
      throw this.#violation('G6', `${subscription.describe()} is quiet and ${subscription.phase}`);
    if (this.isLagging) throw this.#violation('G5', 'all is quiet and the session still lags');
    if (this.#bracket.isSplit) throw this.#violation('G9', 'all is quiet and a transaction is not complete');
    const held = this.valuesOf(id);
    for (const path of new Set([...expected.keys(), ...held.keys()])) {
      const [is, ought] = [canonical(held.get(path)), canonical(expected.get(path))];
      if (is !== ought) throw this.#violation('G4', `${path} is ${is} and ought to be ${ought}`);
    }
  }

  /** Throws unless exactly these paths are shown as old (G13). */
  expectStale(id: number, expected: ReadonlySet<string>): void {
    const stale = this.staleOf(id);
    for (const path of new Set([...expected, ...stale])) {
      if (stale.has(path) === expected.has(path)) continue;
      throw this.#violation('G13', `${path} is shown as ${stale.has(path) ? 'stale' : 'fresh'} and is not`);
    }
  }

  #inOrder(task: () => void): void {
    if (this.#waiting !== undefined) this.#waiting.push(task);
    else task();
  }

  #process(message: string, sight: Sight): void {
    for (const secret of sight.secrets) {
      if (message.includes(secret)) throw this.#violation('G15', `"${secret}" stands in ${message}`);
    }
    for (const line of message.split('\n')) this.#line(line, sight);
    if (this.#bracket.isOpen && !this.isLagging)
      throw this.#violation('G9', 'a transaction stands in more than one message');
    this.#frames += 1;
    this.#writtenBefore = sight.moment;
    if (this.#options.acks === true) this.#acks.processed(this.#frames, message.length);
  }

  #line(text: string, sight: Sight): void {
    this.#trail.push(text);
    if (this.#trail.length > TRAIL_LINES) this.#trail.shift();
    try {
      const line: unknown = JSON.parse(text);
      if (Array.isArray(line)) this.#data(line, sight);
      else this.#control(line as Control, sight);
    } catch (error) {
      throw error instanceof Violation ? this.#violation(error.promised, error.finding) : error;
    }
  }

  #data(line: readonly unknown[], sight: Sight): void {
    const tag = Number(line[0]);
    if (tag === 11) return;
    if (tag === 9) return this.#bracket.begin();
    if (tag === 10) return this.#endBracket(line, sight);
    if (tag < 7 && this.#bracket.keeps({ line, sight })) return;
    const path = this.#apply(line, sight);
    if (path !== undefined && this.#options.world?.isAtomic(path) === true) this.#expectBoundary(sight);
    this.#options.applied?.();
  }

  #endBracket(end: readonly unknown[], sight: Sight): void {
    for (const kept of this.#bracket.end(end)) this.#apply(kept.line, kept.sight);
    this.#expectBoundary(sight);
    this.#options.applied?.();
  }

  /** Returns the path that it was about. */
  #apply(line: readonly unknown[], sight: Sight): string | undefined {
    const touched = this.#held.take(line);
    if (touched.kind === 'source') return undefined;
    if (!sight.isLive)
      throw new Violation('G14', `data after the session's rights had ended: ${JSON.stringify(line)}`);
    if (touched.kind === 'nothing') return undefined;
    const { stream } = touched;
    if (![...this.#subscriptions.values()].some((s) => s.covers(stream.intent, stream.path))) {
      throw new Violation('G6', `${stream.path}: data that no subscription asks for`);
    }
    if (touched.kind === 'keyframe')
      for (const subscription of this.#joined()) subscription.doubted.delete(stream);
    this.#verify(touched, sight);
    return stream.path;
  }

  /** G9: between brackets, what live subscriptions show of atomic sources is a state between two transactions. */
  #expectBoundary(sight: Sight): void {
    if (!sight.isLive || this.#bracket.isSplit) return;
    const live = this.#joined().filter(({ phase, isLeaving }) => phase === 'live' && !isLeaving);
    const shown = live.map((subscription) => ({
      subscription,
      streams: new Map([...this.#streamsOf(subscription)].map((stream) => [stream.path, stream])),
    }));
    this.#boundaries?.expect(shown, sight);
  }

  /** G3 and G14: the value is what the path had at this version, as far as the session may see it. */
  #verify(touched: Exclude<Touched, { kind: 'source' | 'nothing' }>, sight: Sight): void {
    const { world } = this.#options;
    const { stream } = touched;
    if (world === undefined || touched.kind === 'mark') return;
    const version = touched.kind === 'deleted' ? touched.version : stream.version;
    const update = world.at(stream.path, version);
    if (update === undefined) throw new Violation('G3', `${stream.path}: no update made version ${version}`);
    const fields = this.#fieldsOf(stream.intent);
    const visible = update.value === undefined ? undefined : sight.see(stream.path, update.value, fields);
    if (touched.kind === 'deleted') {
      // While a snapshot is given, what rights took and gave back may be deleted first: `end` shows whether it came again.
      const isJoining = this.#joined().some(
        (s) => s.phase === 'joining' && s.covers(stream.intent, stream.path),
      );
      if (visible !== undefined && !isJoining)
        throw new Violation('G7', `${stream.path}: deleted at ${version}, and it exists`);
      return;
    }
    if (visible === undefined)
      throw new Violation('G14', `${stream.path}: not to be seen at version ${version}`);
    if (stream.value === undefined || canonical(stream.value) === canonical(visible)) return;
    throw new Violation(
      'G3',
      `${stream.path} at ${version} is ${canonical(stream.value)}, in truth ${canonical(visible)}`,
    );
  }

  #control(line: Control, sight: Sight): void {
    switch (line['op']) {
      case 'welcome':
        this.#state.isWelcome = true;
        break;
      case 'subscribed':
        this.#subscribed(this.#subscription(Number(line['re'])), line);
        break;
      case 'unsubscribed':
      case 'limit':
        this.#finish(this.#bySub(line['sub']));
        break;
      case 'end':
        this.#end(this.#bySub(line['sub']), sight);
        this.#expectBoundary(sight);
        break;
      case 'reset':
        this.#reset(line);
        break;
      case 'lagging':
        this.#state.isLagging = true;
        break;
      case 'caught-up':
        if (this.#bracket.isOpen) throw new Violation('G9', 'caught up in the midst of a bracket');
        this.#state.isLagging = false;
        break;
      case 'beat':
        if (line['frames'] !== this.#frames) {
          throw new Violation('G5', `${this.#frames} messages arrived of ${String(line['frames'])}`);
        }
        break;
      default: // replies and notices that change nothing held
        if ('error' in line) this.refusals.set(Number(line['re']), JSON.stringify(line['error']));
    }
  }

  #subscribed(subscription: ClientSubscription, line: Control): void {
    subscription.subscribed(Number(line['sub']), Number(line['n']));
    this.#doubt(subscription);
  }

  /** G6: at `end` the paths held are those that existed and were visible at one moment since the request. */
  #end(subscription: ClientSubscription, sight: Sight): void {
    subscription.end();
    for (const stream of subscription.doubted) stream.forget();
    subscription.doubted.clear();
    const { world } = this.#options;
    if (world === undefined || !sight.isLive) return; // without rights there is nothing to be complete
    const held = new Set<string>();
    for (const stream of this.#streamsOf(subscription)) if (stream.isHeld) held.add(stream.path);
    const wrong = new Set<string>();
    const compare = (path: string, value: Value | undefined) => {
      const isThere = value !== undefined && sight.see(path, value, subscription.wanted.fields) !== undefined;
      if (subscription.isFor(path) && isThere !== held.has(path)) wrong.add(path);
      else wrong.delete(path);
    };
    const before = world.valuesAt(subscription.askedAt);
    for (const path of new Set([...held, ...before.keys()])) compare(path, before.get(path));
    for (const { path, value } of world.updates(subscription.askedAt, sight.moment)) {
      if (wrong.size === 0) return;
      compare(path, value);
    }
    if (wrong.size === 0) return;
    const found = [...wrong].map((path) => `${path} is ${held.has(path) ? 'held' : 'not held'}`);
    throw new Violation('G6', `at the end of the snapshot of ${subscription.describe()} ${found.join(', ')}`);
  }

  /** Snapshots are given once more. What is held stays shown; what they do not name by their end is gone. */
  #reset(line: Control): void {
    this.#bracket.drop();
    for (const subscription of this.#joined()) {
      if (line['sub'] !== undefined && subscription.sub !== line['sub']) continue;
      subscription.rejoin(this.#writtenBefore);
      this.#doubt(subscription);
    }
  }

  #doubt(subscription: ClientSubscription): void {
    subscription.doubted.clear();
    for (const stream of this.#streamsOf(subscription)) subscription.doubted.add(stream);
  }

  /** The subscriptions that are given data. */
  #joined(): ClientSubscription[] {
    return [...this.#subscriptions.values()].filter(({ phase }) => phase === 'joining' || phase === 'live');
  }

  #finish(subscription: ClientSubscription): void {
    const streams = [...this.#streamsOf(subscription)];
    subscription.finish();
    const others = [...this.#subscriptions.values()];
    for (const stream of streams)
      if (!others.some((s) => s.covers(stream.intent, stream.path))) stream.forget();
  }

  *#streamsOf(subscription: ClientSubscription): Iterable<HeldStream> {
    if (subscription.intent === undefined) return;
    for (const stream of this.#held.of(subscription.intent))
      if (subscription.isFor(stream.path)) yield stream;
  }

  #fieldsOf(intent: number): readonly string[] | undefined {
    return [...this.#subscriptions.values()].find((s) => s.intent === intent)?.wanted.fields;
  }

  #subscription(id: number): ClientSubscription {
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined) throw this.#violation('wire', `no subscribe command ${id}`);
    return subscription;
  }

  #bySub(sub: unknown): ClientSubscription {
    const subscription = [...this.#subscriptions.values()].find((s) => s.sub === sub);
    if (subscription === undefined) throw this.#violation('wire', `no subscription ${String(sub)}`);
    return subscription;
  }

  #command(fields: object): number {
    const id = this.#nextId++;
    this.#say({ id, ...fields });
    return id;
  }

  #say(fields: object): void {
    this.#options.send(JSON.stringify(fields));
  }

  #violation(promised: Violation['promised'], finding: string): Violation {
    return new Violation(promised, finding, ['the last lines received:', ...this.#trail]);
  }
}
