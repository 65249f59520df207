// The demo as a person sees it: the real page in a real Chromium, on the real pipeline, a real Kafka and a real Postgres.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Locator, Page, WebSocket } from 'playwright-core';

import { startDemo, type RunningDemo } from '../../src/demo/demo.js';
import { freePort } from '../../src/demo/kafka-process.js';
import { createLog } from '../../src/telemetry/logger.js';
import { startBrowser } from '../support/browser.js';
import { testBrokers, until } from '../support/kafka.js';

type Role = 'trader' | 'regulator' | 'customer';

let demo: RunningDemo | undefined;
let browser: Browser | undefined;
let page: Page;
/** Errors and warnings of the page. */
const complaints: string[] = [];
/** Every message that each session got. */
const received: Record<Role, string[]> = { trader: [], regulator: [], customer: [] };

beforeAll(async () => {
  const [port, adminPort] = [await freePort(), await freePort()];
  const log = createLog({ level: 'error', style: 'text' });
  const { signal } = new AbortController();
  demo = await startDemo({
    brokers: testBrokers(),
    postgres: undefined,
    host: '127.0.0.1',
    port,
    adminPort,
    log,
    signal,
    notice: () => undefined,
  });
  browser = await startBrowser();
  page = await browser.newPage({ viewport: { width: 1440, height: 1000 } });
  page.setDefaultTimeout(15_000);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('websocket', record);
  await page.goto(demo.url);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await demo?.stop();
}, 30_000);

test('three sessions become live beside each other and the prices move', async () => {
  for (const role of ['trader', 'regulator', 'customer'] as const) await untilPhase(role, 'live');
  for (const role of ['trader', 'customer'] as const) {
    await untilText(role, 'prices-held', '2,000 of 2,000');
    const before = await part(role, 'prices').innerText();
    await until(
      `prices of the ${role} move`,
      async () => (await part(role, 'prices').innerText()) !== before,
    );
  }
  const bytesSaved = async (): Promise<number> => Number.parseInt(await text('trader', 'saved'), 10);
  await until('deltas save more than half of the bytes', async () => (await bytesSaved()) > 50);
  await until('the time from event to paint is known', async () =>
    / ms|s$/.test(await text('trader', 'p50')),
  );
}, 40_000);

test('the regulator sees the orders of its region with their margin, no trader, and no price', async () => {
  await untilText('regulator', 'prices-held', '0 of 2,000');
  expect(
    await part('regulator', 'prices').locator('xpath=ancestor::div[contains(@class, "no-rights")]').count(),
  ).toBe(1);
  const wire = received.regulator.join('\n');
  expect(wire).toContain('"margin":');
  expect(wire).not.toContain('"trader":');
  expect(wire).not.toContain('prices/');
  expect(pathsIn(wire).every((path) => /^(orders|weather)\/EU\//.test(path))).toBe(true);
});

test('the customer is sent its own orders and never a margin, a trader or what is internal', async () => {
  const wire = received.customer.join('\n');
  for (const hidden of ['margin', 'trader', 'internal', 'inventory', 'outlook'])
    expect(wire).not.toContain(hidden);
  const orders = pathsIn(wire).filter((path) => path.startsWith('orders/'));
  expect(orders.length).toBeGreaterThan(0);
  expect(orders.every((path) => path.split('/')[2] === 'A-1003')).toBe(true);
  const raw = await part('customer', 'raw').innerText();
  expect(raw).toMatch(/merge|keyframe/);
  expect(raw).not.toContain('margin');
});

test('a row that a button inserts appears in the panes of both who may see it, each with its own fields', async () => {
  await press('place');
  const sql = await untilRan(/^INSERT 0 1/);
  const [, symbol = '', margin = '', trader = ''] =
    /^INSERT INTO orders [^]*VALUES \('A-1003', 'EU', '(\w+)'.*, ([\d.]+), '(\w+)'\);$/.exec(sql) ?? [];
  await until('the trader holds it', async () => (await ordersOf('A-1003')).length === 5);
  const { id } = (await ordersOf('A-1003')).at(-1) ?? {};
  await untilRow('trader', id, [symbol, 'new', Number(margin).toFixed(2), trader]);
  await untilRow('regulator', id, [symbol, 'new', Number(margin).toFixed(2)]);
  await untilRow('customer', id, [symbol, 'new']);
  for (const role of ['regulator', 'customer'] as const) {
    expect(await row(role, id).innerText()).not.toContain(trader);
    expect(received[role].join('\n')).toContain(`"orders/EU/A-1003/${id}"`);
  }
}, 40_000);

test('several rows of one UPDATE change at one stroke, and a deleted row is gone everywhere', async () => {
  await press('fill');
  const filled = await untilRan(/^UPDATE 1/);
  expect(filled).toContain("SET filled = quantity, status = 'done'");
  await press('settle');
  await untilRan(/^UPDATE 4 One transaction: the customer’s 4 changes came at one stroke\.$/);
  await until('all of them are done', async () =>
    (await ordersOf('A-1003')).every(({ status }) => status === 'done'),
  );
  const { id } = (await ordersOf('A-1003')).at(-1) ?? {};
  await untilRow('regulator', id, ['done']);
  await press('cancel');
  expect(await untilRan(/^DELETE 1/)).toMatch(/^DELETE FROM orders\n/);
  for (const role of ['trader', 'regulator', 'customer'] as const)
    await until(`the row is gone for the ${role}`, async () => (await row(role, id).count()) === 0);
}, 40_000);

test('the weather of a polled feed moves, each session sees its stations, and most polls cost nothing', async () => {
  await untilText('trader', 'weather-held', await text('customer', 'weather-held'));
  const before = await part('customer', 'weather').innerText();
  await until('the weather changes', async () => (await part('customer', 'weather').innerText()) !== before);
  const stations = (role: Role) =>
    pathsIn(received[role].join('\n')).filter((path) => path.startsWith('weather/'));
  expect(new Set(stations('trader').map((path) => path.split('/')[1]))).toEqual(new Set(['EU', 'US', 'UK']));
  expect(new Set(stations('regulator').map((path) => path.split('/')[1]))).toEqual(new Set(['EU']));
  expect(received.trader.join('\n')).toContain('"outlook":');
  expect(received.customer.join('\n')).not.toContain('outlook');
  const polls = async (name: string): Promise<number> =>
    Number(await page.locator(`[data-part=${name}]`).textContent());
  await until('polls are answered with 304', async () => (await polls('unchanged')) > 2);
  expect(await polls('asked')).toBeGreaterThan(await polls('unchanged'));
}, 40_000);

test('the page fits a desk and a phone', async () => {
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 1000 });
    expect([width, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([width, width]);
  }
  await page.setViewportSize({ width: 1440, height: 1000 });
});

test('a session whose socket is cut is offline and comes back by itself with everything', async () => {
  await part('trader', 'cut').click();
  await untilPhase('trader', 'offline');
  await untilPhase('trader', 'live');
  await untilText('trader', 'prices-held', '2,000 of 2,000');
  await untilPhase('customer', 'live');
}, 40_000);

test('a session on a slow link lags alone and ends with the values of the others', async () => {
  await part('customer', 'slow').check();
  await untilPhase('customer', 'lagging');
  await untilPhase('trader', 'live');
  await part('customer', 'slow').uncheck();
  await until(
    'the values agree',
    async () => (await text('customer', 'verdict')).startsWith('Ended right'),
    20_000,
  );
  await untilPhase('customer', 'live');
}, 60_000);

test('the page has complained about nothing', () => {
  expect(complaints).toEqual([]);
});

function press(action: string): Promise<void> {
  return page.locator(`[data-action=${action}]`).click();
}

/** Resolves with the statement that the page shows, once its outcome is this one. */
async function untilRan(outcome: RegExp): Promise<string> {
  const shown = async (): Promise<string> =>
    ((await page.locator('.ran p').textContent()) ?? '').replace(/\s+/g, ' ').trim();
  await until(`${outcome.source} is shown`, async () => outcome.test(await shown()), 20_000);
  return page.locator('[data-part=sql]').innerText();
}

/** As the trader holds them, by the table of the page. */
async function ordersOf(account: string): Promise<{ readonly id: string; readonly status: string }[]> {
  const rows = await part('trader', 'orders').locator('tr.watched').allInnerTexts();
  return rows
    .map((text) => text.split(/\s+/))
    .filter((cells) => cells[2] === account)
    .map((cells) => ({ id: cells[1] ?? '', status: cells[6] ?? '' }));
}

function row(role: Role, id: string | undefined): Locator {
  return part(role, 'orders').locator(`tr[data-row="orders/${id}"]`);
}

/** The row is there and shows these. */
function untilRow(role: Role, id: string | undefined, texts: readonly string[]): Promise<void> {
  return until(
    `order ${id} of the ${role} shows ${texts.join(', ')}`,
    async () => {
      const shown = (await row(role, id).count()) === 1 ? await row(role, id).innerText() : '';
      return texts.every((text) => shown.split(/\s+/).includes(text));
    },
    20_000,
  );
}

/** Whose socket it is stands in the token of its first message. */
function record(socket: WebSocket): void {
  let messages: string[] | undefined;
  socket.on('framesent', ({ payload }) => {
    const { token } = JSON.parse(String(payload)) as { token?: string };
    if (token === undefined) return;
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
      roles: Role[];
    };
    messages = received[claims.roles[0]!];
  });
  socket.on('framereceived', ({ payload }) => messages?.push(String(payload)));
}

function pathsIn(wire: string): string[] {
  return [...wire.matchAll(/^\[0,\d+,\d+,\d+,\d+,"([^"]+)"/gm)].map(([, path]) => path ?? '');
}

function part(role: Role, name: string): Locator {
  return page.locator(`.pane[data-role=${role}] [data-part=${name}]`);
}

async function text(role: Role, name: string): Promise<string> {
  return (await part(role, name).textContent()) ?? '';
}

function untilPhase(role: Role, phase: string): Promise<void> {
  return untilText(role, 'phase', phase);
}

function untilText(role: Role, name: string, wanted: string): Promise<void> {
  return until(
    `${name} of the ${role} is ${wanted}`,
    async () => (await text(role, name)) === wanted,
    20_000,
  );
}
