// The demo as a person sees it: the real page in a real Chromium, on the real pipeline and a real Kafka.

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
  expect(pathsIn(wire).every((path) => path.startsWith('orders/EU/'))).toBe(true);
});

test('the customer is sent its own orders and never a margin, a trader or what is internal', async () => {
  const wire = received.customer.join('\n');
  for (const hidden of ['margin', 'trader', 'internal', 'inventory']) expect(wire).not.toContain(hidden);
  const orders = pathsIn(wire).filter((path) => path.startsWith('orders/'));
  expect(orders.length).toBeGreaterThan(0);
  expect(orders.every((path) => path.split('/')[2] === 'A-1003')).toBe(true);
  const raw = await part('customer', 'raw').innerText();
  expect(raw).toMatch(/merge|keyframe/);
  expect(raw).not.toContain('margin');
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
