// What it costs to find the audiences of a new path, with few filters and with many.

import { grantsOf } from '../../src/entitle/grants.js';
import { IntentTable } from '../../src/entitle/view.js';
import { Audience } from '../../src/fanout/audience.js';
import { SubscriptionIndex } from '../../src/fanout/subscription-index.js';
import { parseFilter } from '../../src/topic/filter.js';
import { parsePath, type TopicPath } from '../../src/topic/path.js';
import { policyOf } from './tailrace.js';

/** Each group of paths has so many filters, of all kinds, and each path matches four of them. */
const FILTERS_PER_GROUP = 5;
const MATCHES = 4;
const QUERIES = 5_000;
/** Groups that are asked about where memory is not to be measured: the processor keeps what it has just seen of them. */
const FEW_GROUPS = 200;

export interface IndexCosts {
  /** Nanoseconds of CPU per match, by slice. */
  readonly few: readonly number[];
  /** The same questions, among many more filters. */
  readonly many: readonly number[];
  /** Questions all over the many filters, so that nearly each one waits for memory. */
  readonly scattered: readonly number[];
}

export function indexCosts(o: { few: number; many: number; slices: number }): IndexCosts {
  const few = matchers(o.few);
  const many = matchers(o.many);
  const sides = [few.near, many.near, many.scattered].map((match) => ({ match, nanos: [] as number[] }));
  for (let slice = -5; slice < o.slices; slice++) {
    for (const { match, nanos } of sides) {
      const before = process.cpuUsage();
      const found = match();
      const { user, system } = process.cpuUsage(before);
      if (found !== MATCHES * QUERIES)
        throw new Error(`the index found ${found} filters, not ${MATCHES * QUERIES}`);
      if (slice >= 0) nanos.push(((user + system) * 1000) / QUERIES);
    }
  }
  const [first, second, third] = sides.map(({ nanos }) => nanos);
  return { few: first ?? [], many: second ?? [], scattered: third ?? [] };
}

function matchers(filters: number): { near: () => number; scattered: () => number } {
  const index = new SubscriptionIndex();
  const groups = filters / FILTERS_PER_GROUP;
  const grants = grantsOf(policyOf([]), { subject: '', roles: [], claims: {} });
  const intent = new IntentTable().internIntent({ fields: undefined, times: false });
  for (let group = 0; group < groups; group++) {
    const texts = [
      `g${group}/prices/eur`,
      `g${group}/prices/*`,
      `g${group}/*/eur`,
      `g${group}/**`,
      `*/orders/x${group}`,
    ];
    for (const text of texts) {
      const parsed = parseFilter(text);
      if (parsed.ok) index.add(new Audience(text, grants, parsed.filter, intent));
    }
  }
  const asking = (among: number) => {
    const step = 7_919; // prime: visits the groups in an order that no cache foresees
    const paths = Array.from({ length: QUERIES }, (_, i) => pathOf(`g${(i * step) % among}/prices/eur`));
    return () => paths.reduce((found, path) => found + index.match(path).length, 0);
  };
  return { near: asking(Math.min(groups, FEW_GROUPS)), scattered: asking(groups) };
}

function pathOf(text: string): TopicPath {
  const parsed = parsePath(text);
  if (!parsed.ok) throw new Error(parsed.fault);
  return parsed.path;
}
