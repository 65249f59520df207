// Plays one planned history of polled feeds against a server, and knows what the feeds had and what they have in the end.

import { Chance } from '../../../connectors/kit/chance.js';
import { until } from '../../../connectors/kit/expectation.js';
import type { RestOptions } from '../../../connectors/rest/options.js';
import type { Value } from '../../oracle/naive-json.js';
import type { FeedItem } from '../../support/feed-pages.js';
import { FeedServer } from '../../support/feed-server.js';
import type { Feed } from '../../support/feed.js';
import type { HistoryPlan, Step } from './history-plan.js';
import { heldOf, SeenStates } from './seen-states.js';

const STEP_MS = 1_000;

/** Invariant: `steps` says what was done, in order, so that a history which fails can be read. */
export class RandomHistory {
  readonly steps: string[] = [];
  readonly states: SeenStates;
  readonly #plan: HistoryPlan;
  readonly #server: FeedServer;
  readonly #chance: Chance;
  /** By endpoint: what a complete poll would have. */
  readonly #items = new Map<string, readonly FeedItem[]>();
  #n = 0;
  #isUp = true;

  private constructor(plan: HistoryPlan, server: FeedServer) {
    this.#plan = plan;
    this.#server = server;
    this.#chance = new Chance(~plan.seed);
    this.states = new SeenStates(plan.endpoints);
    for (const name of plan.endpoints) {
      const feed = this.#feed(name);
      feed.form = plan.form;
      feed.paging = plan.paging;
      if (plan.isIncremental) feed.since = { query: 'since', field: 'at' };
      this.#set(
        name,
        Array.from({ length: plan.items }, () => this.#item()),
      );
    }
  }

  static async begin(plan: HistoryPlan): Promise<RandomHistory> {
    return new RandomHistory(plan, await FeedServer.listen());
  }

  get options(): RestOptions {
    const { endpoints, form, paging, isIncremental, concurrency } = this.#plan;
    const isOne = endpoints[0] === 'feed';
    return {
      url: this.#server.url(isOne ? '/feed' : '/{for}'),
      ...(!isOne && { for: endpoints }),
      ...{ every: '15ms', jitter: 0.1, timeout: '150ms', staleAfter: '100ms', fullEvery: '300ms' },
      ...{ concurrency, maxPages: 40, key: form === 'members' ? '{member}' : '/id' },
      ...(form === 'wrapped' && { items: '/items' }),
      ...((form === 'ndjson' || form === 'csv') && { format: form }),
      ...(paging !== undefined && { paging: pagingOptions(paging) }),
      ...(isIncremental && { since: { query: 'since', item: '/at' } }),
    };
  }

  /** What a client must hold in the end. */
  get truth(): ReadonlyMap<string, Value> {
    return new Map([...this.#items].flatMap(([name, items]) => [...heldOf(name, items)]));
  }

  async play(): Promise<void> {
    for (const step of this.#plan.steps) await this.#step(step);
  }

  /** Nothing goes wrong any more. */
  async settle(): Promise<void> {
    this.steps.push('all is well');
    for (const name of this.#plan.endpoints) {
      this.#feed(name).heal();
      this.#set(name, this.#items.get(name) ?? []);
    }
    await this.#up();
  }

  /** For those who see a failure. */
  get requests(): string {
    return this.#plan.endpoints.map((name) => `${name}: ${this.#feed(name).statuses.join(' ')}`).join('\n');
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  async #step({ endpoint, what, polls }: Step): Promise<void> {
    this.steps.push(`${endpoint}: ${JSON.stringify(what)}, then ${polls} requests`);
    const feed = this.#feed(endpoint);
    const items = [...(this.#items.get(endpoint) ?? [])];
    switch (what.do) {
      case 'change':
        this.#set(endpoint, this.#changed(items, what));
        break;
      case 'vanish':
        this.#set(endpoint, items.slice(0, Math.floor((items.length * what.percent) / 100)));
        break;
      case 'repeat': {
        const [first] = items;
        if (first === undefined) break;
        feed.items = [...items, what.isEqual ? first : { ...first, n: `${String(first['n'])} too` }];
        break;
      }
      case 'keyless':
        feed.items = [...items, { n: 'nobody' }];
        break;
      case 'reorder':
        this.#set(endpoint, items.reverse());
        break;
      case 'validators':
        feed.validators = what.kind;
        break;
      case 'extra':
        feed.extra = { made: ++this.#n };
        break;
      case 'faults':
        feed.script(...what.faults);
        break;
      case 'later-pages':
        feed.rule = ({ target }) => (target.includes('?') ? what.fault : undefined);
        break;
      case 'down':
        await this.#down();
        break;
      case 'up':
        await this.#up();
        break;
    }
    await this.#polls(feed, polls);
  }

  /** Until it was asked so often; a while at most, since it may be down, and its pollers wait. */
  async #polls(feed: Feed, polls: number): Promise<void> {
    if (!this.#isUp) return;
    const enough = feed.requests.length + polls;
    await until('some requests', () => feed.requests.length >= enough, STEP_MS).catch(() => undefined);
  }

  #changed(
    items: FeedItem[],
    how: { readonly changed: number; readonly added: number; readonly removed: number },
  ): FeedItem[] {
    for (let n = 0; n < how.removed && items.length > 0; n++)
      items.splice(this.#chance.pick(items.length), 1);
    for (let n = 0; n < how.changed && items.length > 0; n++) {
      const at = this.#chance.pick(items.length);
      items[at] = this.#item(String(items[at]?.['id']));
    }
    for (let n = 0; n < how.added; n++) items.splice(this.#chance.pick(items.length + 1), 0, this.#item());
    return items;
  }

  /** Text alone, so that it is the same in every form. */
  #item(id = `k${this.#n}`): FeedItem {
    const n = ++this.#n;
    return { id, n: String(n), note: 'x'.repeat(n % 40), ...(this.#plan.isIncremental && { at: n }) };
  }

  #set(endpoint: string, items: readonly FeedItem[]): void {
    this.#items.set(endpoint, items);
    this.states.has(endpoint, items);
    this.#feed(endpoint).items = items;
  }

  #feed(endpoint: string): Feed {
    return this.#server.feed(`/${endpoint}`);
  }

  async #down(): Promise<void> {
    if (this.#isUp) await this.#server.goDown();
    this.#isUp = false;
  }

  async #up(): Promise<void> {
    if (!this.#isUp) await this.#server.comeBack();
    this.#isUp = true;
  }
}

function pagingOptions({ by, size }: NonNullable<HistoryPlan['paging']>): NonNullable<RestOptions['paging']> {
  switch (by) {
    case 'link':
      return { by };
    case 'cursor':
      return { by, cursor: '/next', query: 'cursor' };
    case 'page':
      return { by, query: 'page' };
    case 'offset':
      return { by, query: 'offset', size };
  }
}
