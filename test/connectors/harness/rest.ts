// Polled feeds for the conformance kit: an HTTP server whose feeds have what was written, polled at one endpoint or at one for each
// partition; and a stream of events that stays open.

import { setTimeout as wait } from 'node:timers/promises';

import type { SourceRecord } from '../../../connectors/contract.js';
import type {
  ConnectorHarness,
  Misconfiguration,
  TestUpstream,
  Write,
} from '../../../connectors/kit/harness.js';
import type { RestOptions } from '../../../connectors/rest/options.js';
import { rest as connector } from '../../../connectors/rest/rest.js';
import { createOutbound } from '../../../src/outbound/outbound.js';
import { FeedServer } from '../../support/feed-server.js';
import type { TestedConnector } from './tested-connector.js';

const EVERY_MS = 20;
/** What a feed gains between two polls: while its reader stops it holds what one poll had, and a feed does not shrink. */
const SLICE_BYTES = 500_000;
const COMMON = { jitter: 0, timeout: '2s', staleAfter: '100ms', key: '/k' } as const;

const MISTAKES: readonly Misconfiguration[] = [
  mistake('an endpoint that does not exist', ({ url }) => ({ url: `${url}/nowhere` }), ['404', '/nowhere']),
  mistake('a token that is wrong', (right) => ({ url: beside(right, 'guarded') }), ['401', 'auth']),
  mistake('an address that is not public', () => ({ url: 'http://10.255.0.1/feed' }), [
    '10.255.0.1',
    'outbound',
  ]),
  passing('a host that nobody knows', () => ({ url: 'http://feed.invalid/' }), ['feed.invalid']),
  passing('an address at which nobody listens', () => ({ url: 'http://127.0.0.1:1/' }), ['127.0.0.1:1']),
];

const POLLED_MISTAKES: readonly Misconfiguration[] = [
  ...MISTAKES,
  passing('items that are somewhere else', () => ({ items: '/data/items' }), ['/data/items']),
  passing('a page for people', (right) => ({ url: beside(right, 'page') }), ['text/html']),
  passing('a key that no item has', (right) => ({ url: beside(right, 'other') }), ['`key`']),
  mistake('a key that is no pointer', () => ({ key: '{/k' }), ['key']),
];

const PARTED_MISTAKES: readonly Misconfiguration[] = [
  mistake(
    'one endpoint of several that does not exist',
    ({ for: names = [] }) => ({ for: [...names, 'nowhere'] }),
    ['404', '/nowhere'],
  ),
  mistake(
    'a URL without a place for them',
    ({ for: names = [], url }) => ({ for: [...names, 'x'], url: url.replace('{for}', '') }),
    ['{for}'],
  ),
];

/** `changed`: of options that work. */
function mistake(
  name: string,
  changed: (right: RestOptions) => Partial<RestOptions>,
  says: readonly string[],
): Misconfiguration {
  const options = (working: unknown): RestOptions => ({
    ...(working as RestOptions),
    ...changed(working as RestOptions),
  });
  return { name, options, says };
}

/** One that may mend itself. */
function passing(...parts: Parameters<typeof mistake>): Misconfiguration {
  return { ...mistake(...parts), error: 'SourceUnavailable' };
}

/** URL of another feed of the same server. */
function beside({ url }: RestOptions, name: string): string {
  return url.replace(/\/[^/]*$/, `/${name}`);
}

const shared = {
  type: connector,
  outbound: createOutbound({ allow: ['127.0.0.0/8'] }),
  textOf,
} satisfies Partial<ConnectorHarness>;

const polled: ConnectorHarness = {
  ...shared,
  traits: { completeState: true, resumes: false, repeats: false },
  cannot: {
    acknowledged: 'a feed does not know who has read it',
    loseHistory: 'a feed has none: each poll is all there is',
  },
  misconfigurations: POLLED_MISTAKES,
  createUpstream: () => polledUpstream(['feed']),
};

const parted: ConnectorHarness = {
  ...polled,
  misconfigurations: PARTED_MISTAKES,
  createUpstream: (partitions) =>
    polledUpstream(Array.from({ length: partitions }, (_, n) => `part ${n}/${partitions}`)),
};

const followed: ConnectorHarness = {
  ...shared,
  traits: { completeState: false, resumes: false, repeats: true },
  cannot: {
    acknowledged: 'a stream does not know what was read of it',
    loseHistory: 'nothing is read again but by the stream’s own ids',
  },
  misconfigurations: MISTAKES,
  createUpstream: followedUpstream,
};

/** Items are `{k, v}`: keys, and values as text, so that nothing is copied. */
function textOf({ key, value }: SourceRecord): { key: string; value: string | null } {
  if (value === null) return { key: String(key), value };
  const { v } = JSON.parse(value.toString()) as { v?: string };
  return { key: String(key), value: v ?? '' };
}

async function polledUpstream(names: readonly string[]): Promise<TestUpstream> {
  const server = await FeedServer.listen();
  const feeds = names.map((name) => server.feed(`/feeds/${encodeURIComponent(name)}`));
  const state = new Map<string, string>();
  let bad = 0;
  addOddities(server);
  const show = (): void => {
    const items = [...state].map(([k, v]) => ({ k, v }));
    for (const [index, feed] of feeds.entries()) {
      const own = items.filter(({ k }) => numberOf(k) % feeds.length === index);
      feed.items = index === 0 ? [...own, ...Array.from({ length: bad }, (_, n) => ({ n }))] : own;
    }
  };
  const isOne = names[0] === 'feed';
  const options: RestOptions = {
    ...{ ...COMMON, every: `${EVERY_MS}ms`, maxBytes: '100MiB' },
    url: server.url(isOne ? '/feeds/feed' : '/feeds/{for}'),
    ...(!isOne && { for: names }),
  };
  return {
    options,
    async write(writes) {
      let bytes = 0;
      for (const { key, value } of writes) {
        if (value === null) state.delete(key);
        else state.set(key, value);
        bytes += value?.length ?? 0;
        if (bytes < SLICE_BYTES) continue;
        bytes = 0;
        show();
        await wait(EVERY_MS);
      }
      show();
    },
    async writeBad() {
      bad++;
      show();
    },
    breakContact: () => breakContact(server),
    close: () => server.close(),
  };
}

async function followedUpstream(): Promise<TestUpstream> {
  const server = await FeedServer.listen();
  const stream = server.stream('/feeds/feed', 'sse');
  addOddities(server);
  const write = async (writes: readonly Write[]): Promise<void> => {
    for (const { key: k, value: v } of writes) await stream.send(v === null ? { k, isGone: true } : { k, v });
  };
  const options: RestOptions = {
    ...{ ...COMMON, follow: true, url: server.url('/feeds/feed'), deleted: '/isGone' },
  };
  return {
    ...{ options, write, breakContact: () => breakContact(server), close: () => server.close() },
    writeBad: () => stream.send({ n: 1 }),
  };
}

/** What misconfigured sources meet. */
function addOddities(server: FeedServer): void {
  server.feed('/feeds/other').items = [{ id: 'a' }];
  server.feed('/feeds/guarded').authorization = 'Bearer of-somebody-else';
  server.feed('/feeds/page').rule = () => ({
    do: 'body',
    contentType: 'text/html',
    body: '<!doctype html><title>Sign in</title>',
  });
}

async function breakContact(server: FeedServer): Promise<() => Promise<void>> {
  await server.goDown();
  return () => server.comeBack();
}

/** Of a key, always the same. */
function numberOf(key: string): number {
  return [...key].reduce((sum, char) => sum + (char.codePointAt(0) ?? 0), 0);
}

const NO_HISTORY = 'not tried (loseHistory: a feed has none: each poll is all there is)';
const NOBODY_KNOWS = 'not tried (acknowledged: a feed does not know who has read it)';
const POLLED = ['not promised by resumes: false', ...[NOBODY_KNOWS, NOBODY_KNOWS, NO_HISTORY]];

export const tested: TestedConnector = {
  harnesses: { 'one endpoint': polled, 'one endpoint for each partition': parted, 'a stream': followed },
  leftOut: {
    'one endpoint': POLLED,
    'one endpoint for each partition': POLLED,
    'a stream': [
      'not promised by completeState: false',
      'not promised by resumes: false',
      'not promised by completeState: false',
      'not promised by resumes: false',
      'not promised by resumes: false',
      'not tried (acknowledged: a stream does not know what was read of it)',
      'not tried (acknowledged: a stream does not know what was read of it)',
      'not promised by resumes: false',
    ],
  },
  open: async () => undefined,
  close: async () => undefined,
};
