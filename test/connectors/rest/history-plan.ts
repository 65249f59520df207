// What happens in one random history of polled feeds, decided in advance by a seed: what the feed is like, and step by step what its
// owner and the network do. Who does it is random-history.ts.

import { Chance } from '../../../connectors/kit/chance.js';
import type { FeedForm, FeedPaging } from '../../support/feed-pages.js';
import type { FeedFault } from '../../support/feed.js';
import type { Validators } from '../../support/feed-answer.js';

export interface HistoryPlan {
  readonly seed: number;
  /** Endpoints; one called `feed` is polled without `for`. */
  readonly endpoints: readonly string[];
  readonly form: Exclude<FeedForm, 'xml'>;
  readonly paging: FeedPaging | undefined;
  /** Items know when they were changed, and it is asked for those that did. */
  readonly isIncremental: boolean;
  readonly concurrency: number;
  /** Items of each endpoint at the beginning. */
  readonly items: number;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly endpoint: string;
  readonly what: StepKind;
  /** Requests that the feed is asked before the next step. */
  readonly polls: number;
}

export type StepKind =
  /** So many items become others, come and go. */
  | { readonly do: 'change'; readonly changed: number; readonly added: number; readonly removed: number }
  /** Of all items so many percent stay. */
  | { readonly do: 'vanish'; readonly percent: number }
  /** One item comes twice, the same or not: the first is no reason to reject the poll, the second is. */
  | { readonly do: 'repeat'; readonly isEqual: boolean }
  | { readonly do: 'keyless' }
  | { readonly do: 'reorder' }
  | { readonly do: 'validators'; readonly kind: Validators }
  /** Something beside the items. */
  | { readonly do: 'extra' }
  /** What happens to the next requests, of whatever page. */
  | { readonly do: 'faults'; readonly faults: readonly (FeedFault | undefined)[] }
  /** Every page but the first fails, until the next step of this kind, or the end. */
  | { readonly do: 'later-pages'; readonly fault: FeedFault | undefined }
  | { readonly do: 'down' }
  | { readonly do: 'up' };

const STEPS = 12;
const GARBAGE = [
  '',
  '[{"id":"a","n":"1"}',
  '<!doctype html><title>Sign in</title>',
  '[{"id":"a","id":"b","n":"1"}]',
  '[] []',
  '\uFEFF[]',
] as const;
/** Where it is no item. */
const ERROR = '{"error":"try again"}';

export function historyPlan(seed: number): HistoryPlan {
  const chance = new Chance(seed);
  const endpoints = chance.isOneOf(1, 3) ? ['a', 'b', 'c'].slice(0, 2 + chance.pick(2)) : ['feed'];
  const form = chance.of<HistoryPlan['form']>([
    'array',
    'array',
    'members',
    'wrapped',
    'wrapped',
    'ndjson',
    'csv',
  ]);
  const by = chance.of<FeedPaging['by']>(
    form === 'wrapped' ? ['cursor', 'cursor', 'link', 'offset'] : ['link', 'page', 'offset'],
  );
  const paging = chance.isOneOf(1, 2) ? { by, size: 3 + chance.pick(6) } : undefined;
  const isIncremental = paging === undefined && form === 'array' && chance.isOneOf(1, 2);
  const items = chance.of([5, 12, 30]);
  const steps = Array.from({ length: STEPS }, (): Step => {
    const endpoint = endpoints[chance.pick(endpoints.length)] ?? 'feed';
    return { endpoint, what: stepOf(chance, { form, paging }), polls: chance.pick(3) };
  });
  return {
    ...{ seed, endpoints, form, paging, isIncremental, items, steps },
    concurrency: 1 + chance.pick(3),
  };
}

function stepOf(chance: Chance, { form, paging }: Pick<HistoryPlan, 'form' | 'paging'>): StepKind {
  switch (chance.pick(16)) {
    case 0:
      return { do: 'vanish', percent: chance.of([0, 0, 20, 40, 60]) };
    case 1:
      return form === 'members' ? { do: 'reorder' } : { do: 'repeat', isEqual: chance.isOneOf(1, 2) };
    case 2:
      return form === 'members' || form === 'csv' ? { do: 'extra' } : { do: 'keyless' };
    case 3:
      // Who lies about pages makes states of parts of others, until everything is polled anew
      return {
        do: 'validators',
        kind: chance.of(['honest', 'etag', 'last-modified', 'none', paging === undefined ? 'lying' : 'none']),
      };
    case 4:
      return { do: 'down' };
    case 5:
    case 6:
      return { do: 'up' };
    case 7:
    case 8:
      return paging === undefined
        ? { do: 'reorder' }
        : { do: 'later-pages', fault: chance.isOneOf(2, 3) ? faultOf(chance, { form, paging }) : undefined };
    case 9:
    case 10:
    case 11: {
      const faults = Array.from({ length: 1 + chance.pick(3) }, () =>
        chance.isOneOf(1, 4) ? undefined : faultOf(chance, { form, paging }),
      );
      return { do: 'faults', faults };
    }
    default:
      return { do: 'change', changed: chance.pick(4), added: chance.pick(3), removed: chance.pick(3) };
  }
}

/** Only such as can be seen: of lines that end too early in a body that does not, nobody can know. */
function faultOf(chance: Chance, { form, paging }: Pick<HistoryPlan, 'form' | 'paging'>): FeedFault {
  const areLines = form === 'ndjson' || form === 'csv';
  switch (chance.pick(paging === undefined ? 8 : 9)) {
    case 0:
      return { do: 'status', status: chance.of([500, 502, 503, 429, 404, 401, 204, 206]) };
    case 1:
      return { do: 'reset', at: chance.of(['head', 'body']) };
    case 2:
      return { do: 'truncate', how: chance.of(areLines ? ['short'] : ['short', 'chunked']) };
    case 3:
      return {
        do: 'content-type',
        contentType: chance.of(['text/html', 'application/octet-stream', 'text/csv']),
      };
    case 4:
      return { do: 'delay', ms: chance.pick(40) };
    case 5:
      return { do: 'hang' };
    case 6:
      return { do: 'status', status: 302, headers: { location: '/elsewhere' } };
    case 7:
      return {
        do: 'body',
        body: chance.of([form === 'array' || form === 'wrapped' ? ERROR : '}{', ...GARBAGE]),
      };
    default:
      return { do: chance.of(['loop', 'more-pages']) };
  }
}
