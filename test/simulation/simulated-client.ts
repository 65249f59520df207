// One client of the simulation: a checking client, its session at the edge, and the way between them.

import type { FanOut } from '../../src/fanout/fan-out.js';
import type { Session } from '../../src/fanout/session.js';
import { CheckingClient } from '../checker/checking-client.js';
import type { Wanted } from '../checker/client-subscription.js';
import type { Sight } from '../checker/sight.js';
import type { World } from '../oracle/history.js';
import { seen, type Person, type Rule } from '../oracle/naive-rules.js';
import { obey } from './door.js';
import { Link, type Proxy } from './network.js';
import type { SimClock } from './sim-clock.js';
import { secretsFor } from './universe.js';

export interface SimulatedClientOptions {
  readonly clock: SimClock;
  readonly fanOut: FanOut;
  readonly world: World;
  /** The rules in force now. */
  readonly rules: () => readonly Rule[];
  readonly person: Person;
  readonly expiresAt: number | undefined;
  /** Whether it acknowledges by lines; else it answers pings. */
  readonly acks: boolean;
  readonly proxy?: Proxy | undefined;
  /** A check failed while a message arrived. */
  readonly failed: (error: unknown) => void;
}

const COMMAND_LATENCY_MS = 10;

/** Invariant: commands reach the edge in the order in which they were given, and none after the cut. */
export class SimulatedClient {
  readonly client: CheckingClient;
  readonly #options: SimulatedClientOptions;
  readonly #link: Link;
  readonly #session: Session;
  readonly #wanted = new Map<number, Wanted>();
  #person: Person;
  #expiresAt: number | undefined;
  #known: { rules: readonly Rule[]; person: Person; secrets: readonly string[] } | undefined;
  #isOpen = true;
  readonly #onTheWay: string[] = [];

  constructor(options: SimulatedClientOptions) {
    const { clock, fanOut, world } = options;
    this.#options = options;
    this.#person = options.person;
    this.#expiresAt = options.expiresAt;
    this.client = new CheckingClient({
      clock,
      world,
      acks: options.acks,
      send: (line) => this.#send(line),
    });
    this.#link = new Link({
      clock,
      sight: () => this.#sight(),
      deliver: (message, sight) => this.#guarded(() => this.client.receive(message, sight)),
      pong: (frames) => this.client.whenRead(() => fanOut.ack(this.#session, frames)),
      closed: () => this.cut(),
      proxy: options.proxy,
    });
    const { person, expiresAt, acks } = options;
    this.#session = fanOut.open({ principal: principalOf(person), listener: this.#link, acks, expiresAt });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get person(): Person {
    return this.#person;
  }

  /** It lags or joins: draining goes at the pace of its acknowledgements. */
  get isBusy(): boolean {
    return this.#isOpen && this.hasRights && [...this.#wanted.keys()].some((id) => !this.client.isLive(id));
  }

  get hasRights(): boolean {
    return this.#expiresAt === undefined || this.#options.clock.now() < this.#expiresAt;
  }

  /** Its subscriptions: the client's number of each, and what it asked for. */
  get wanted(): ReadonlyMap<number, Wanted> {
    return this.#wanted;
  }

  subscribe(wanted: Wanted): void {
    this.#wanted.set(this.client.subscribe(wanted), wanted);
  }

  unsubscribe(nth: number): void {
    const id = [...this.#wanted.keys()][nth % Math.max(1, this.#wanted.size)];
    if (id !== undefined && this.client.unsubscribe(id)) this.#wanted.delete(id);
  }

  /** Damages one of the paths that it holds and asks for it again. */
  resync(nth: number): void {
    const paths = [...this.#wanted.keys()].flatMap((id) => [...this.client.valuesOf(id).keys()]);
    const path = paths[nth % Math.max(1, paths.length)];
    if (path !== undefined) this.client.loseAndResync(path);
  }

  /** A new token, for perhaps other rights. */
  refresh(person: Person, expiresAt: number | undefined): void {
    this.client.authenticate(JSON.stringify({ person, expiresAt }));
  }

  /** The connection is gone. */
  cut(): void {
    this.#isOpen = false;
    this.#link.cut();
    this.client.stop();
    this.#options.fanOut.close(this.#session);
  }

  /** What the session may see now, held against the moment of each write. */
  #sight(): Sight {
    const rules = this.#options.rules();
    const person = this.#person;
    return {
      see: (path, value, fields) => seen(rules, person, path, value, fields),
      isLive: this.hasRights,
      moment: this.#options.world.moment,
      secrets: this.#secrets(rules, person),
    };
  }

  #secrets(rules: readonly Rule[], person: Person): readonly string[] {
    const known = this.#known;
    if (known?.rules === rules && known.person === person) return known.secrets;
    this.#known = { rules, person, secrets: secretsFor(rules, person) };
    return this.#known.secrets;
  }

  /** Commands arrive in order, some in the next turn and some later, so that other events come between. */
  #send(line: string): void {
    const { clock } = this.#options;
    this.#onTheWay.push(line);
    const arrive = () => {
      const next = this.#onTheWay.shift();
      if (this.#isOpen && next !== undefined) this.#guarded(() => this.#obey(next));
    };
    if (clock.pick(2) === 0) clock.nextTurn(arrive);
    else clock.after(clock.pick(COMMAND_LATENCY_MS), arrive);
  }

  #obey(line: string): void {
    const { fanOut } = this.#options;
    obey({ fanOut, session: this.#session, identify: (token) => this.#identify(token) }, line);
  }

  #identify(token: string | undefined) {
    const { person, expiresAt } = JSON.parse(token ?? '') as { person: Person; expiresAt?: number };
    this.#person = person;
    this.#expiresAt = expiresAt;
    return { principal: principalOf(person), expiresAt };
  }

  #guarded(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#options.failed(error);
    }
  }
}

function principalOf(person: Person) {
  return { subject: 'somebody', ...person };
}
