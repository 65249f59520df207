// GET /v1/values/<path>, and what else is on the public port: nothing.

import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { staticPages } from '../../src/server/pages.js';
import { TestServer } from './test-server.js';

const RULES = [
  { allow: ['trader'], paths: ['prices/**'] },
  { allow: ['guest'], paths: ['prices/**'], hide: ['/margin'] },
];

async function get(
  server: TestServer,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${server.url}${path}`, { headers });
}

async function bearer(
  server: TestServer,
  roles: readonly string[] = ['trader'],
): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await server.token({ roles })}` };
}

describe('a value', () => {
  test('comes as the bearer may see it, private, with a hash of just these bytes', async () => {
    const server = await TestServer.start({ rules: RULES });
    server.put('prices/A', { bid: 1, margin: 7 });
    const whole = await get(server, '/v1/values/prices/A', await bearer(server));
    const masked = await get(server, '/v1/values/prices/A', await bearer(server, ['guest']));
    expect([await whole.json(), await masked.json()]).toEqual([{ bid: 1, margin: 7 }, { bid: 1 }]);
    expect(whole.headers.get('content-type')).toBe('application/json');
    expect(whole.headers.get('cache-control')).toBe('private, no-cache');
    expect(whole.headers.get('vary')).toBe('Origin, Authorization');
    server.put('prices/A', { bid: 1, margin: 8 }); // hidden from guests: their hash must not tell
    const again = await get(server, '/v1/values/prices/A', await bearer(server, ['guest']));
    expect(again.headers.get('etag')).toBe(masked.headers.get('etag'));
    expect((await get(server, '/v1/values/prices/A', await bearer(server))).headers.get('etag')).not.toBe(
      whole.headers.get('etag'),
    );
  });

  test('that has not changed is 304', async () => {
    const server = await TestServer.start({ rules: RULES });
    server.put('prices/A', 1);
    const headers = await bearer(server);
    const etag = (await get(server, '/v1/values/prices/A', headers)).headers.get('etag') ?? '';
    const again = await get(server, '/v1/values/prices/A', { ...headers, 'if-none-match': etag });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  test('F2 absent and forbidden are the same answer, byte for byte', async () => {
    const server = await TestServer.start({ rules: RULES });
    server.put('secret/a', 1);
    const answers = [];
    for (const path of ['secret/a', 'secret/none', 'prices/none']) {
      const response = await get(server, `/v1/values/${path}`, await bearer(server));
      const headers = [...response.headers].filter(([name]) => name !== 'date');
      answers.push(JSON.stringify([response.status, headers, await response.text()]));
    }
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('[404,');
  });

  test('needs a right token', async () => {
    const server = await TestServer.start({ rules: RULES });
    server.put('prices/A', 1);
    for (const headers of [{}, { authorization: 'Bearer x' }, { authorization: 'Basic YTpi' }]) {
      const response = await get(server, '/v1/values/prices/A', headers);
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect(await response.json()).toEqual({ error: { code: 'bad_token' } });
    }
    const inUrl = await get(server, `/v1/values/prices/A?access_token=${await server.token()}`);
    expect(inUrl.status).toBe(401);
  });

  test('F7 has one address: segments are decoded once, and never become two', async () => {
    const server = await TestServer.start({ rules: RULES });
    server.put('prices/a%2Fb', 'escaped');
    server.put('prices/ü ?', 'text');
    const headers = await bearer(server);
    const address = (path: string): string =>
      `/v1/values/${path.split('/').map(encodeURIComponent).join('/')}`;
    expect(await (await get(server, address('prices/a%2Fb'), headers)).json()).toBe('escaped');
    expect(await (await get(server, address('prices/ü ?'), headers)).json()).toBe('text');
    for (const raw of [
      'prices/a%2Fb',
      'prices//a',
      'prices/',
      '',
      'prices/%',
      'prices/%ff',
      'prices/*',
      'prices/%00',
    ]) {
      expect((await get(server, `/v1/values/${raw}`, headers)).status).toBe(400);
    }
  });

  test('F13 pages of foreign origins are refused, allowed ones may ask with a token', async () => {
    const server = await TestServer.start({ rules: RULES, origins: ['https://app.example'] });
    server.put('prices/A', 1);
    const headers = await bearer(server);
    expect(
      (await get(server, '/v1/values/prices/A', { ...headers, origin: 'https://evil.example' })).status,
    ).toBe(403);
    const allowed = await get(server, '/v1/values/prices/A', { ...headers, origin: 'https://app.example' });
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'https://app.example',
    ]);
    const preflight = await fetch(`${server.url}/v1/values/prices/A`, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      'Authorization',
    ]);
    expect((await fetch(`${server.url}/v1/values/prices/A`, { method: 'PUT', headers })).status).toBe(405);
  });
});

describe('the rest of the public port', () => {
  test('F15 has no page, and no route of the admin port', async () => {
    const server = await TestServer.start();
    for (const path of ['/', '/metrics', '/livez', '/readyz', '/admin', '/v1', '/v1/values']) {
      expect((await get(server, path)).status).toBe(404);
    }
  });

  test('serves the pages that it is given, and no file beside them', async () => {
    const root = mkdtempSync(join(tmpdir(), 'tailrace-pages-'));
    mkdirSync(join(root, 'public', 'img'), { recursive: true });
    writeFileSync(join(root, 'secret.txt'), 'secret');
    writeFileSync(join(root, 'public', 'index.html'), '<p>page</p>');
    writeFileSync(join(root, 'public', 'img', 'a.svg'), '<svg/>');
    const server = await TestServer.start({ pages: staticPages(join(root, 'public')) });
    const page = await get(server, '/');
    expect([page.headers.get('content-type'), await page.text()]).toEqual([
      'text/html; charset=utf-8',
      '<p>page</p>',
    ]);
    expect((await get(server, '/img/a.svg')).headers.get('content-type')).toBe('image/svg+xml');
    for (const path of [
      '/secret.txt',
      '/..%2Fsecret.txt',
      '/%2e%2e/secret.txt',
      '//etc/passwd',
      '/img',
      '/img/',
    ]) {
      expect((await get(server, path)).status).toBe(404);
    }
  });
});
