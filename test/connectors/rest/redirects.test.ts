// Redirects are followed within an origin at most, and only where that is asked for; nothing of ours goes elsewhere.

import { afterEach, describe, expect, test } from '@jest/globals';
import type { RequestListener } from 'node:http';

import { answering, clientWith, faultOf, get, type Answering } from './answering.js';

const open: Answering[] = [];
const serve = async (listener: RequestListener): Promise<Answering> => {
  const server = await answering(listener);
  open.push(server);
  return server;
};
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

/** `/0` leads to `/1`, and so on to `last`, which is the feed. */
const chain =
  (last: number, status = 302): RequestListener =>
  ({ url = '' }, response) => {
    const here = Number(url[1]);
    if (here === last) return void response.end('[]');
    response.writeHead(status, { location: `./${here + 1}` }).end('<a href="">moved</a>');
  };

describe('a redirect', () => {
  const statuses = [301, 302, 303, 307, 308];
  test.each(statuses)(
    'of %i is not followed, and the fault says where to and what to set',
    async (status) => {
      const server = await serve(chain(1, status));
      const fault = await faultOf(clientWith().request(get(server.url('/0?key=secret'))));
      expect(fault).toMatchObject({ kind: 'unreachable', status });
      expect(fault.message).toContain(`redirects (${status}) to ${server.url('/1').href}; set \`url\``);
      expect(fault.message).toContain(`\`redirects: same-origin\``);
      expect(fault.message).not.toContain('secret');
      expect(server.requests).toHaveLength(1);
    },
  );

  test.each(statuses)('of %i is followed within the origin, with the same headers', async (status) => {
    const server = await serve(chain(2, status));
    const auth = { bearer: 'token' };
    const got = await clientWith({ redirects: 'same-origin', auth }).request(
      get(server.url('/0'), { 'X-A': 'b' }),
    );
    expect(got.url).toEqual(server.url('/2'));
    expect(server.requests).toHaveLength(3);
    for (const { headers } of server.requests)
      expect(headers).toMatchObject({ 'x-a': 'b', authorization: 'Bearer token' });
  });

  test.each([
    [301, 'GET'],
    [302, 'GET'],
    [303, 'GET'],
    [307, 'POST'],
    [308, 'POST'],
  ])('of %i turns a POST into a %s', async (status, method) => {
    const server = await serve(chain(1, status));
    const posted = {
      ...get(server.url('/0'), { 'Content-Type': 'text/plain' }),
      method: 'POST',
      body: 'q',
    } as const;
    await clientWith({ redirects: 'same-origin' }).request(posted);
    const [, last] = server.requests;
    expect(last?.method).toBe(method);
    expect(last?.headers['content-type']).toBe(method === 'POST' ? 'text/plain' : undefined);
    expect(last?.headers['content-length']).toBe(method === 'POST' ? '1' : undefined);
  });

  test('five are followed, six are not, and a circle is left', async () => {
    const client = clientWith({ redirects: 'same-origin' });
    expect(await client.request(get((await serve(chain(5))).url('/0')))).toMatchObject({ status: 200 });
    const circle = await serve((_, response) => response.writeHead(302, { location: '/' }).end());
    for (const url of [(await serve(chain(6))).url('/0'), circle.url('/')])
      expect((await faultOf(client.request(get(url)))).message).toMatch(/redirects more than 5 times/);
    expect(circle.requests).toHaveLength(6);
  });

  test.each(['same-origin', 'none'] as const)(
    'to another origin is never followed (%s)',
    async (redirects) => {
      const elsewhere = await serve((_, response) => response.end('[]'));
      const { port } = elsewhere.url();
      const targets = [
        ...[`http://127.0.0.1:${port}/feed?key=secret`, `//127.0.0.1:${port}/feed`, 'http://localhost/feed'],
        ...[
          `https://127.0.0.1:${port}/feed`,
          'ftp://127.0.0.1/feed',
          'http://169.254.169.254/latest/meta-data/',
        ],
        ...['file:///etc/passwd', 'data:application/json,[]', `http://user@127.0.0.1:${port}/feed`],
      ];
      const server = await serve(({ url = '' }, response) => {
        response.writeHead(302, { location: targets[Number(url.slice(1))] }).end();
      });
      for (const [index, target] of targets.entries()) {
        const work = clientWith({ redirects, auth: { bearer: 'token' } }).request(
          get(server.url(`/${index}`)),
        );
        const fault = await faultOf(work);
        const { protocol, host } = new URL(target, server.url());
        expect(fault).toMatchObject({ kind: 'unreachable', status: 302 });
        expect(fault.message).toContain(`to another origin, ${protocol}//${host}, which is never followed`);
        expect(fault.message).not.toContain('secret');
      }
      expect(elsewhere.connections()).toBe(0);
    },
  );

  test('to elsewhere after one within the origin is not followed either', async () => {
    const server = await serve(({ url }, response) => {
      response.writeHead(302, { location: url === '/0' ? '/1' : 'http://localhost:1/' }).end();
    });
    const fault = await faultOf(clientWith({ redirects: 'same-origin' }).request(get(server.url('/0'))));
    expect(fault.message).toMatch(/\/1: it redirects \(302\) to another origin, http:\/\/localhost:1,/);
  });

  test('to a user of the same origin, to nowhere, and to what is no URL', async () => {
    const server = await serve(({ url, headers }, response) => {
      const location = { '/user': `http://user:secret@${headers.host}/`, '/bad': 'http://[' }[url ?? ''];
      response.writeHead(302, location === undefined ? {} : { location }).end();
    });
    const client = clientWith({ redirects: 'same-origin' });
    const fault = await faultOf(client.request(get(server.url('/user'))));
    expect(fault.message).toMatch(/holds a user or a password/);
    expect(fault.message).not.toContain('secret');
    for (const path of ['/none', '/bad'])
      expect((await faultOf(client.request(get(server.url(path))))).message).toMatch(
        /without saying where to/,
      );
  });
});
