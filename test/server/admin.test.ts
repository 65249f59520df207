// The operator's port: who is answered what. What a scrape says is test/telemetry, what the status says admin-status.test.ts.

import { createConnection } from 'node:net';
import { createMetrics } from '../../src/telemetry/scrape.js';
import { describe, expect, test } from '@jest/globals';
import type { ReadinessCheck, ReloadReport } from '../../src/server/admin-api.js';
import { ADMIN_ROUTES } from '../../src/server/admin-routes.js';
import { ADMIN_TOKEN, TestAdmin } from './test-admin.js';
import { until } from './until.js';

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const nobody = { headers: {} };
const guarded = ADMIN_ROUTES.filter(({ access }) => access === 'token');
const open = ADMIN_ROUTES.filter(({ access }) => access === 'open');

describe('health', () => {
  test('livez answers whatever is not ready; readyz tells what is waited for', async () => {
    const checks: ReadinessCheck[] = [
      { name: 'source quotes', isReady: false, detail: '37 % of 2.1 M records' },
      { name: 'sessions', isReady: true },
    ];
    const admin = await TestAdmin.start({ readiness: () => checks });
    expect((await admin.ask('GET', '/livez', nobody)).status).toBe(200);
    const waiting = await admin.ask('GET', '/readyz?verbose', nobody);
    expect([waiting.status, waiting.text]).toEqual([
      503,
      'waiting source quotes (37 % of 2.1 M records)\nok sessions\nnot ready\n',
    ]);
    checks[0] = { name: 'source quotes', isReady: true, detail: 'done' };
    const ready = await admin.ask('GET', '/readyz', nobody);
    expect([ready.status, ready.text]).toEqual([200, 'ready\n']);
  });

  test('A2 an upstream that fails once the process was ready changes neither livez nor readyz', async () => {
    const admin = await TestAdmin.start();
    const health = async () =>
      Promise.all(['/livez', '/readyz'].map(async (path) => (await admin.ask('GET', path, nobody)).status));
    expect(await health()).toEqual([200, 503]);
    admin.source.live();
    await until('the source to be live', () => admin.ingest.status.state === 'live');
    admin.server.clock.pass(200);
    expect(await health()).toEqual([200, 200]);
    admin.source.break();
    await until('the source to be stale', () => admin.ingest.status.state === 'stale');
    admin.server.clock.pass(600_000);
    expect(await health()).toEqual([200, 200]);
    expect((await admin.ask('GET', '/readyz?verbose', nobody)).text).toContain(
      'ok source quotes (stale: the broker does not answer)',
    );
  });

  test('D3 a process that drains is alive, and not ready, and says why', async () => {
    const admin = await TestAdmin.start();
    admin.source.live();
    await until('the source to be live', () => admin.ingest.status.state === 'live');
    admin.server.clock.pass(200);
    admin.loading.drain();
    expect((await admin.ask('GET', '/livez', nobody)).status).toBe(200);
    const { status, text } = await admin.ask('GET', '/readyz?verbose', nobody);
    expect([status, text.split('\n').slice(-3)]).toEqual([
      503,
      ['waiting sessions (draining)', 'not ready', ''],
    ]);
  });
});

describe('F15 without the token', () => {
  test('there is something to guard, and health and metrics are for everybody', async () => {
    expect(guarded.map(({ path }) => path)).toEqual([
      ...['/v1/status', '/v1/reload', '/v1/sources/:source/replay', '/v1/sources/:source/confirm'],
    ]);
    expect(open.map(({ path }) => path)).toEqual(['/livez', '/readyz', '/metrics']);
    const admin = await TestAdmin.start({ readiness: () => [] });
    expect(ADMIN_ROUTES.filter(({ access }) => access === 'sender').map(({ path }) => path)).toEqual([
      '/v1/push/:source',
    ]);
    for (const { method, path } of open) expect((await admin.ask(method, path, nobody)).status).toBe(200);
  });

  test.each(guarded)(
    '$method $path is refused: 401 where there is a token, 403 where there is none',
    async (route) => {
      let isReloaded = false;
      const reload = () => Promise.resolve(((isReloaded = true), { outcome: 'unchanged' } as const));
      const locked = await TestAdmin.start({ reload });
      const shut = await TestAdmin.start({ reload, token: null });
      for (const headers of [{}, { authorization: 'Basic eDp5' }, bearer('x'.repeat(18)).headers]) {
        const refused = await locked.ask(route.method, route.path, { headers });
        expect(refused.status).toBe(401);
        expect(refused.headers['www-authenticate']).toMatch(/^Bearer/);
        expect(refused.json).toMatchObject({ error: { code: 'unauthenticated' } });
        const closed = await shut.ask(route.method, route.path, { headers });
        expect([closed.status, closed.json]).toEqual([
          403,
          { error: { code: 'not_permitted', message: expect.stringContaining('TAILRACE__ADMIN__TOKEN') } },
        ]);
      }
      expect((await shut.ask(route.method, route.path)).status).toBe(403);
      expect(isReloaded).toBe(false);
    },
  );

  test('no answer tells which routes there are', async () => {
    const admin = await TestAdmin.start();
    const answers = new Set<string>();
    const paths = [
      '/v1/status',
      '/v1/reload',
      '/v1/push/quotes',
      '/v1/push/nothing',
      '/v1',
      '/',
      '/v2/nothing',
      '//[',
      '/livez/',
      '/LIVEZ',
      '/%6civez',
    ];
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'PROPFIND', 'TRACE']) {
        const { status, text, headers } = await admin.ask(method, path, nobody);
        answers.add(JSON.stringify([status, text, headers['allow']]));
      }
    }
    expect([...answers]).toHaveLength(1);
  });

  test('nothing of it is on the public port', async () => {
    const admin = await TestAdmin.start();
    for (const { method, path } of ADMIN_ROUTES) {
      const { status } = await admin.ask(method, path, { port: admin.server.port });
      expect(`${path} ${status}`).toBe(`${path} 404`);
    }
  });
});

describe('F15 with the token', () => {
  test('what is not there is 404, and another method 405 with those that there are', async () => {
    const admin = await TestAdmin.start();
    for (const path of ['/', '/v1/stream', '/v1/values/a', '//[', '/v1/status/'])
      expect((await admin.ask('GET', path)).status).toBe(404);
    for (const { method, path } of ADMIN_ROUTES) {
      const { status, headers } = await admin.ask('DELETE', path);
      expect([status, headers['allow']]).toEqual([405, method === 'GET' ? 'GET, HEAD' : method]);
    }
  });

  test('answers are not kept, not guessed at, and not for pages of elsewhere', async () => {
    const admin = await TestAdmin.start({ readiness: () => [] });
    for (const { method, path } of ADMIN_ROUTES) {
      const authorization = `Bearer ${ADMIN_TOKEN}`;
      const { headers } = await admin.ask(method, path, {
        headers: { authorization, origin: 'https://evil.example' },
      });
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  test('HEAD asks as GET does', async () => {
    const admin = await TestAdmin.start();
    const { status, text } = await admin.ask('HEAD', '/v1/status');
    expect([status, text]).toEqual([200, '']);
  });

  test('another token is the right one from the moment on that it is used', async () => {
    const admin = await TestAdmin.start();
    const next = 'the-next-admin-token';
    admin.admin.useToken({ reveal: () => next });
    expect((await admin.ask('GET', '/v1/status')).status).toBe(401);
    expect((await admin.ask('GET', '/v1/status', bearer(next))).status).toBe(200);
    admin.admin.useToken(undefined);
    expect((await admin.ask('GET', '/v1/status', bearer(next))).status).toBe(403);
  });
});

describe('guessing', () => {
  test('ten wrong tokens a minute are looked at, then none, and another minute begins', async () => {
    const admin = await TestAdmin.start();
    const statuses = [];
    for (let i = 0; i < 12; i++)
      statuses.push((await admin.ask('GET', '/v1/status', bearer(`guess-${i}`))).status);
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
    const right = await admin.ask('GET', '/v1/status');
    expect([right.status, right.headers['retry-after']]).toEqual([429, '60']);
    admin.server.clock.pass(60_000);
    expect((await admin.ask('GET', '/v1/status')).status).toBe(200);
    expect((await admin.ask('GET', '/v1/status', bearer('guess'))).status).toBe(401);
  });

  test('is counted, and logged a few times without what was tried', async () => {
    const admin = await TestAdmin.start();
    for (let i = 0; i < 12; i++) {
      await admin.ask('GET', '/v1/status', bearer(`cAnArY-guess-${i}`));
      admin.server.clock.pass(10_000); // so that the address is not shut out
    }
    for (let i = 0; i < 30; i++) await admin.ask('GET', '/v1/nothing', bearer(`cAnArY-${i}`));
    expect(admin.admin.refusals.get('wrong_token')! + admin.admin.refusals.get('too_many')!).toBe(42);
    const told = {
      version: '1',
      role: 'single',
      isInsecure: false,
      adminRefusals: () => admin.admin.refusals,
    };
    expect((await createMetrics(told).scrape()).body).toMatch(
      /^tailrace_admin_refusals_total\{reason="wrong_token"\} [1-9]/m,
    );
    const lines = admin.log.filter(({ event }) => event === 'admin-token-refused');
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.length).toBeLessThan(30);
    expect(lines[0]).toMatchObject({ level: 'warn', remote: '127.0.0.1', wrong: 1 });
    expect(JSON.stringify(admin.log)).not.toContain('cAnArY');
  });

  test('a request without a token is no guess', async () => {
    const admin = await TestAdmin.start();
    for (let i = 0; i < 15; i++) expect((await admin.ask('GET', '/v1/status', nobody)).status).toBe(401);
    expect((await admin.ask('GET', '/v1/status')).status).toBe(200);
  });
});

describe('reload', () => {
  const reports: [ReloadReport, number][] = [
    [{ outcome: 'unchanged' }, 200],
    [{ outcome: 'applied', changes: ['log.level: info -> debug'] }, 200],
    [{ outcome: 'rejected', findings: [{ code: 'unknown-key', message: 'no such key', line: 3 }] }, 422],
  ];
  test.each(reports)('%j is answered with %i', async (report, expected) => {
    const admin = await TestAdmin.start({ reload: () => Promise.resolve(report) });
    const { status, json } = await admin.ask('POST', '/v1/reload');
    expect([status, json]).toEqual([expected, report]);
  });

  test('is not available where the configuration is from no file', async () => {
    const { status, json } = await (await TestAdmin.start()).ask('POST', '/v1/reload');
    expect([status, json]).toMatchObject([501, { error: { code: 'not_available' } }]);
  });

  test('a bug in it is answered and logged, without what it says', async () => {
    const admin = await TestAdmin.start({ reload: () => Promise.reject(new Error('inner matters')) });
    const { status, text } = await admin.ask('POST', '/v1/reload');
    expect(status).toBe(500);
    expect(text).not.toContain('inner');
    expect(admin.log.filter(({ event }) => event === 'unexpected')).toHaveLength(1);
  });
});

describe('F18 requests that are meant to hurt', () => {
  test('a body that is too large is refused, and one that is not read ends the connection', async () => {
    const admin = await TestAdmin.start({ reload: () => Promise.resolve({ outcome: 'unchanged' }) });
    expect((await admin.ask('POST', '/v1/reload', { body: '{}' })).status).toBe(200);
    const large = await admin.ask('POST', '/v1/reload', { body: 'x'.repeat(2_000) });
    expect([large.status, large.headers['connection']]).toEqual([413, 'close']);
    const refused = await admin.ask('POST', '/v1/reload', { headers: {}, body: 'x'.repeat(100_000) });
    expect([refused.status, refused.headers['connection']]).toEqual([401, 'close']);
  });

  test('one that does not arrive is cut, head or body, and is no bug', async () => {
    const admin = await TestAdmin.start({ requestMs: 100 });
    const head = 'POST /v1/reload HTTP/1.1\r\nHost: a\r\n';
    for (const text of [head, `${head}Authorization: Bearer ${ADMIN_TOKEN}\r\nContent-Length: 9\r\n\r\nx`]) {
      const socket = createConnection(admin.port, '127.0.0.1', () => socket.write(text));
      let answer = '';
      let isClosed = false;
      socket.on('data', (bytes) => (answer += String(bytes)));
      socket.on('close', () => (isClosed = true));
      await until('the cut', () => isClosed);
      expect(answer).toMatch(/^HTTP\/1.1 408/);
    }
    expect(admin.log.filter(({ event }) => event === 'unexpected')).toEqual([]);
  });

  test('a head of more than 16 KiB is refused', async () => {
    const admin = await TestAdmin.start();
    const { status } = await admin.ask('GET', '/livez', { headers: { 'x-large': 'x'.repeat(20_000) } });
    expect(status).toBe(431);
  });
});
