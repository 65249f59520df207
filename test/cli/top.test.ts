// `tailrace top` against a real admin port: that its figures are right, fit a terminal, and that the terminal is left as it was.

import { EventEmitter } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import type { TerminalStreams } from '../../src/cli/screen.js';
import { ratesOf } from '../../src/cli/top-rates.js';
import { topText } from '../../src/cli/top-text.js';
import type { Status } from '../../src/server/admin-status.js';
import { BUCKETS_MS } from '../../src/telemetry/histogram.js';
import { ADMIN_TOKEN, TestAdmin } from '../server/test-admin.js';
import { until } from '../server/until.js';
import { filesWith, tailrace } from './command.js';

const ENV = { TAILRACE__ADMIN__TOKEN: ADMIN_TOKEN };

/** A terminal that keeps what was drawn, and whose keys are the test's. */
class TestTerminal implements TerminalStreams {
  drawn = '';
  isRaw = false;
  readonly stdin = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => (this.isRaw = isRaw),
    resume: () => undefined,
    pause: () => undefined,
  }) as unknown as NodeJS.ReadStream;
  readonly stdout = Object.assign(new EventEmitter(), {
    isTTY: true,
    columns: 80,
    rows: 24,
    write: (text: string) => ((this.drawn += text), true),
  }) as unknown as NodeJS.WriteStream;

  /** The lines on it now, without colours. */
  screen(): string[] {
    const last = this.drawn.split('\x1b[H').at(-1) ?? '';
    return last
      .split('\x1b[J')[0]!
      .split('\r\n')
      .map((line) => line.replace(/\x1b\[[\d;]*[mK]/g, ''));
  }

  type(key: string): void {
    this.stdin.emit('data', Buffer.from(key));
  }
}

const SOURCE: Status['sources'][number] = {
  ...{ name: 'quotes', state: 'live', since: 0, records: 0, bytes: 0, updates: 0, unchanged: 0, filtered: 0 },
  ...{ rejected: 0, paths: 2_000, stalePaths: 0, lag: { records: 0, ms: 0 } },
  freshness: { atMost: BUCKETS_MS.map(() => 0), count: 0 },
};
const STATUS: Status = {
  ...{ version: '1.2.3', now: 10_000, startedAt: 0, isReady: true, checks: [], sources: [SOURCE] },
  cache: { paths: 2_000, bytes: 500_000, stalePaths: 0 },
  sessions: {
    ...{ open: 3, unauthenticated: 0, lagging: 0, draining: 0, subscriptions: 4, opens: 3, closes: {} },
    outboxes: { unacknowledgedBytes: 0, buckets: [{ upToBytes: 0, sessions: 3 }], largest: [] },
  },
  fanOut: {
    ...{ streams: 10, views: 2, socketWrites: 0, socketBytes: 0, bucketsMs: BUCKETS_MS },
    changes: { merge: 0, patch: 0, full: 0, keyframe: 0, delete: 0, none: 0 },
    deliveries: { live: 0, conflated: 0, drained: 0 },
  },
  refusals: {},
  process: {
    ...{ pid: 1, node: 'v20', rssBytes: 1e8, heapUsedBytes: 5e7, heapLimitBytes: 4e9, cpuMs: 0 },
    ...{ loopBusyMs: 0, loopIdleMs: 0, loopLagP99Ms: 1, loopLagMaxMs: 2, logLinesDropped: 0 },
  },
};

describe('rates', () => {
  const later: Status = {
    ...STATUS,
    now: 12_000,
    sources: [
      {
        ...{ ...SOURCE, records: 2_000, updates: 1_000 },
        freshness: {
          atMost: BUCKETS_MS.map((bound) => (bound < 5 ? 40 : bound < 250 ? 98 : 100)),
          count: 100,
        },
      },
    ],
    fanOut: {
      ...{ ...STATUS.fanOut, socketWrites: 200, socketBytes: 4_096 },
      changes: { ...STATUS.fanOut.changes, merge: 90, full: 10 },
      deliveries: { live: 300, conflated: 100, drained: 0 },
    },
    process: { ...STATUS.process, cpuMs: 500, loopBusyMs: 600, loopIdleMs: 1_400 },
  };

  test('are what happened between two looks, by the clock of the process', () => {
    const rates = ratesOf(later, STATUS);
    expect(rates).toMatchObject({
      ...{ changesPerSecond: 50, deliveriesPerSecond: 150, messagesPerSecond: 100, bytesPerSecond: 2_048 },
      ...{
        cpu: 0.25,
        loop: 0.3,
        conflated: 0.25,
        forms: [
          ['merge', 0.9],
          ['full', 0.1],
        ],
      },
    });
    expect(rates.sources.get('quotes')).toEqual({
      ...{ recordsPerSecond: 1_000, updatesPerSecond: 500, p50Ms: 5, p99Ms: 250 },
    });
  });

  test('of a process that has been restarted meanwhile are those since its start', () => {
    const restarted: Status = { ...later, startedAt: 10_000 };
    expect(ratesOf(restarted, { ...STATUS, fanOut: { ...STATUS.fanOut, socketWrites: 1e6 } })).toMatchObject({
      messagesPerSecond: 100,
    });
    const { sources } = ratesOf({ ...later, sources: [{ ...SOURCE, name: 'new' }] }, STATUS);
    expect(sources.get('new')).toMatchObject({ recordsPerSecond: 0, p50Ms: undefined });
  });

  test('beyond the last bucket are told as such', () => {
    const slow = [{ ...SOURCE, freshness: { atMost: BUCKETS_MS.map(() => 0), count: 5 } }];
    expect(ratesOf({ ...later, sources: slow }, STATUS).sources.get('quotes')?.p99Ms).toBe(Infinity);
  });
});

describe('the text', () => {
  const busy: Status = {
    ...{ ...STATUS, isReady: false, checks: [{ name: 'source orders', isReady: false }] },
    config: { appliedAt: 0, success: false },
    sources: [
      SOURCE,
      {
        ...{
          ...SOURCE,
          name: 'orders-of-a-long-name',
          state: 'degraded',
          reason: `broke\x1b[2J ${'x'.repeat(99)}`,
        },
        ...{ rejected: 12_345, stalePaths: 17, paths: 1_234_567, lag: { records: 98_765, ms: 60_000 } },
      },
      { ...SOURCE, name: 'loading', state: 'starting', progress: { done: 37, total: 100 } },
    ],
    sessions: {
      ...{ ...STATUS.sessions, open: 20_000, unauthenticated: 12, lagging: 3, draining: 7 },
      closes: { 1006: 41, 4008: 2 },
      outboxes: {
        unacknowledgedBytes: 1e6,
        buckets: [
          { upToBytes: 0, sessions: 19_000 },
          { upToBytes: 4_096, sessions: 0 },
          { upToBytes: 262_144, sessions: 999 },
          { upToBytes: null, sessions: 1 },
        ],
        largest: [
          {
            ...{ session: 's_v7V7VUlOZNet', subject: 'somebody.with.a.long@address.example', remote: '::1' },
            ...{ isLagging: true, unacknowledgedBytes: 1_000_000, waitingPaths: 4_999, subscriptions: 3 },
            ...{ sentBytes: 1e9, openMs: 86_400_000 },
          },
        ],
      },
    },
  };

  test.each([80, 60, 120])('fits %i columns, whatever happens', (columns) => {
    const text = topText(busy, ratesOf(busy, undefined), { colour: false, columns }, 'a note');
    expect(Math.max(...text.map((line) => line.length))).toBeLessThanOrEqual(columns);
    expect(text.join('\n')).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
  });

  test('says what needs somebody, and names who is furthest behind', () => {
    const text = topText(busy, ratesOf(busy, undefined), { colour: false, columns: 80 }).join('\n');
    for (const words of [
      ...['not ready: source orders', 'last reload rejected', 'degraded', 'starting 37%', '1.2M', '98.8k'],
      ...[
        '3 lagging',
        '12 not authenticated',
        '7 draining',
        'closed    1006: 41   4008: 2',
        '12.3k records rejected; 17 paths stale',
      ],
      ...['19k empty   999 to 256 KB   1 over 256 KB', 's_v7V7VUlOZNet', '977 KB', '4,999'],
    ])
      expect(text).toContain(words);
  });

  test('has colours that do not count as width', () => {
    const style = { colour: true, columns: 80 };
    const text = topText(busy, ratesOf(busy, undefined), style).join('\n');
    expect(text).toMatch(/\x1b\[31mdegraded/);
    const plain = topText(busy, ratesOf(busy, undefined), { ...style, colour: false });
    expect(
      text
        .replace(/\x1b\[\d*m/g, '')
        .split('\n')
        .map((line) => line.trimEnd()),
    ).toEqual(plain);
  });
});

describe('top', () => {
  test('--once prints a table', async () => {
    const admin = await TestAdmin.start();
    admin.source.feed('EURUSD', { bid: 1 });
    admin.source.live();
    await until('the source to be live', () => admin.ingest.status.state === 'live');
    const { code, stdout, stderr } = await tailrace(['top', '--once', '--url', admin.url], { env: ENV });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^tailrace 1\.2\.3 .*\n/);
    expect(stdout).toMatch(/\nquotes +live \d+s .* 1\n/);
  });

  test('--json prints the status', async () => {
    const admin = await TestAdmin.start();
    const { code, stdout } = await tailrace(['top', '--once', '--json', '--url', admin.url], { env: ENV });
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      { version: '1.2.3', sources: [{ name: 'quotes' }] },
    ]);
  });

  test('on a terminal draws again and again, survives a process that is away, and leaves at q', async () => {
    const admin = await TestAdmin.start();
    const terminal = new TestTerminal();
    const argv = ['top', '--url', admin.url, '--interval', '200ms', '--timeout', '200ms'];
    const ended = tailrace(argv, { env: ENV, terminal });
    await until('the first drawing', () => terminal.screen().some((line) => line.startsWith('quotes')));
    expect(terminal.isRaw).toBe(true);
    admin.source.feed('EURUSD', { bid: 1 });
    await until('the path', () => terminal.screen().some((line) => /^quotes .* 1$/.test(line)));
    terminal.stdout.columns = 40;
    terminal.stdout.emit('resize');
    expect(Math.max(...terminal.screen().map((line) => line.length))).toBeLessThanOrEqual(40);
    terminal.stdout.columns = 80;
    await admin.admin.stop();
    await until('the word about it', () =>
      terminal.screen().some((line) => line.includes('what is below is old')),
    );
    terminal.type('q');
    expect((await ended).code).toBe(0);
    expect(terminal.drawn.endsWith('\x1b[?25h\x1b[?1049l')).toBe(true);
    expect([
      terminal.isRaw,
      terminal.stdin.listenerCount('data'),
      terminal.stdout.listenerCount('resize'),
    ]).toEqual([...[false, 0, 0]]);
  });

  test('takes the token from a file, a variable, or as the configuration says', async () => {
    const { url, port } = await TestAdmin.start();
    const { token = '', config = '' } = filesWith({
      token: `${ADMIN_TOKEN}\n`,
      config: `admin: { port: ${port}, token: { env: HERE } }`,
    });
    const once = ['top', '--once', '--json'];
    expect((await tailrace([...once, '--url', url, '--token-file', token])).code).toBe(0);
    expect((await tailrace([...once, '-c', config], { env: { HERE: ADMIN_TOKEN } })).code).toBe(0);
  });

  test.each<[string, string | null, Record<string, string>, RegExp]>([
    ['none', ADMIN_TOKEN, {}, /asks for the admin token: set TAILRACE__ADMIN__TOKEN, or say --token-file/],
    [
      'a wrong one',
      ADMIN_TOKEN,
      { TAILRACE__ADMIN__TOKEN: 'cAnArY-cAnArY-wrong' },
      /the admin token is not that of/,
    ],
    ['none configured there', null, ENV, /has no admin token configured/],
  ])('says in words what is wrong with the token: %s', async (_what, token, env, words) => {
    const { url } = await TestAdmin.start({ token });
    const { code, stdout, stderr } = await tailrace(['top', '--url', url], { env });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(words);
    expect(stderr).not.toContain('cAnArY');
  });

  test('nobody there: 69', async () => {
    const admin = await TestAdmin.start();
    await admin.admin.stop();
    expect(await tailrace(['top', '--url', admin.url])).toMatchObject({
      ...{ code: 69, stderr: `tailrace: nothing listens at ${admin.url}\n` },
    });
  });
});
