// Who we are to a feed: each way to say it, secrets that change, and secrets that appear nowhere else.

import { afterEach, describe, expect, test } from '@jest/globals';
import type { RequestListener } from 'node:http';

import { OptionsRejected } from '../../../connectors/contract.js';
import type { AuthOptions } from '../../../connectors/rest/client/access-options.js';
import { createOutbound } from '../../../src/outbound/outbound.js';
import { tokenEndpoint, type TokenEndpoint } from '../token-endpoint.js';
import { answering, clientWith, faultOf, get, until, type Answering } from './answering.js';

const close: (() => Promise<void>)[] = [];
const serve = async (listener: RequestListener): Promise<Answering> => {
  const server = await answering(listener);
  close.push(server.close);
  return server;
};
const endpoint = async (): Promise<TokenEndpoint> => {
  const tokens = await tokenEndpoint();
  close.push(() => tokens.close());
  return tokens;
};
afterEach(async () => {
  for (const each of close.splice(0)) await each();
});

const open: RequestListener = (_, response) => void response.end('[]');

describe('credentials', () => {
  const ways: [string, AuthOptions, Record<string, string>][] = [
    ['bearer', { bearer: 'token' }, { authorization: 'Bearer token' }],
    [
      'basic, in UTF-8',
      { basic: { user: 'zoë', password: 'a:b€' } },
      { authorization: `Basic ${Buffer.from('zoë:a:b€').toString('base64')}` },
    ],
    ['a header', { header: { name: 'X-Api-Key', value: 'key' } }, { 'x-api-key': 'key' }],
  ];
  test.each(ways)('%s are sent, and win over headers of the request', async (_, auth, expected) => {
    const server = await serve(open);
    const others = { Authorization: 'other', 'X-API-Key': 'other' };
    await clientWith({ auth }).request(get(server.url(), others));
    expect(server.requests[0]?.headers).toMatchObject(expected);
  });

  test('that change are sent from the next request on', async () => {
    const server = await serve(open);
    const client = clientWith({ auth: { bearer: 'one' } });
    await client.request(get(server.url()));
    client.useAuth({ bearer: 'two' }, undefined);
    await client.request(get(server.url()));
    client.useAuth(undefined, undefined);
    await client.request(get(server.url()));
    const sent = server.requests.map(({ headers }) => headers.authorization);
    expect(sent).toEqual(['Bearer one', 'Bearer two', undefined]);
  });

  test('that are not taken are no reason to ask again, and not in the fault', async () => {
    const server = await serve((_, response) => response.writeHead(401).end());
    for (const auth of [{ bearer: 'secret' }, { basic: { user: 'u', password: 'secret' } }]) {
      const fault = await faultOf(clientWith({ auth }).request(get(server.url())));
      expect(fault).toMatchObject({ kind: 'refused', status: 401 });
      expect(fault.message).toMatch(/does not take these credentials \(401 Unauthorized\); check `auth`/);
      expect(JSON.stringify([fault, fault.message, fault.cause])).not.toContain('secret');
    }
    expect(server.requests).toHaveLength(2);
  });

  const unusable: [AuthOptions, RegExp][] = [
    [{ bearer: 'secret\n' }, /auth.bearer: has a line break; is there one at the end of the file/],
    [{ bearer: 'secret€' }, /auth.bearer: has a character at 7 that a header cannot hold/],
    [{ basic: { user: 'a:b', password: 'secret' } }, /auth.basic.user: must not have a colon/],
    [{ header: { name: 'X Key', value: 'secret' } }, /auth.header: "X Key" is no name of a header/],
    [{ header: { name: 'X-Key', value: 'secret\r\nX: y' } }, /auth.header: has a line break/],
    [{ oauth2: oauth2('none') }, /auth.oauth2.tokenUrl: it is not a URL/],
    [
      { oauth2: oauth2('https://u:secret@host/token') },
      /auth.oauth2.tokenUrl: user and password belong into/,
    ],
  ];
  test.each(unusable)('that no request can carry are refused when they are given: %#', (auth, text) => {
    expect(() => clientWith({ auth })).toThrow(text);
    expect(() => clientWith({ auth })).toThrow(OptionsRejected);
    expect(() => clientWith({ auth })).not.toThrow(/secret/);
  });
});

describe('OAuth 2', () => {
  test('a token is asked for as the RFC says, and used again and again', async () => {
    const [server, tokens] = [await serve(open), await endpoint()];
    const auth = { oauth2: { ...oauth2(tokens.url), scope: 'read', audience: 'feed' } };
    const client = clientWith({ auth });
    for (let i = 0; i < 3; i++) await client.request(get(server.url()));
    expect(tokens.asked).toEqual([
      {
        login: 'client%2D1:s%3Acret',
        form: { grant_type: 'client_credentials', scope: 'read', audience: 'feed' },
      },
    ]);
    const sent = new Set(server.requests.map(({ headers }) => headers.authorization));
    expect([...sent]).toEqual([expect.stringMatching(/^Bearer .+\..+\.$/)]);
  });

  test('id and secret go into the body where that is asked for', async () => {
    const [server, tokens] = [await serve(open), await endpoint()];
    const auth = { oauth2: { ...oauth2(tokens.url), clientAuth: 'post' } } as const;
    await clientWith({ auth }).request(get(server.url()));
    const [{ login, form } = { login: 'none', form: {} }] = tokens.asked;
    expect(login).toBe('');
    expect(form).toMatchObject({ client_id: 'client-1', client_secret: 's:cret' });
  });

  test('many requests at once are one for a token', async () => {
    const [server, tokens] = [await serve(open), await endpoint()];
    const client = clientWith({ auth: { oauth2: oauth2(tokens.url) } });
    await Promise.all(Array.from({ length: 20 }, () => client.request(get(server.url()))));
    expect(tokens.asked).toHaveLength(1);
    expect(server.requests).toHaveLength(20);
  });

  test('a token that is withdrawn is replaced, and the feed asked once more', async () => {
    const tokens = await endpoint();
    let number = 0;
    tokens.answer = () => ({ status: 200, body: bearer(`t${++number}`, 300) });
    let good = 'Bearer t1';
    const server = await serve(({ headers }, response) => {
      response.writeHead(headers.authorization === good ? 200 : 401).end('[]');
    });
    const client = clientWith({ auth: { oauth2: oauth2(tokens.url) } });
    await client.request(get(server.url()));
    good = 'Bearer t2';
    const all = await Promise.all(Array.from({ length: 10 }, () => client.request(get(server.url()))));
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(tokens.asked).toHaveLength(2);
  });

  test('a token that is new and not taken is no reason for another', async () => {
    const [server, tokens] = [await serve((_, response) => response.writeHead(401).end()), await endpoint()];
    const client = clientWith({ auth: { oauth2: oauth2(tokens.url) } });
    expect(await faultOf(client.request(get(server.url())))).toMatchObject({ kind: 'refused', status: 401 });
    expect([server.requests.length, tokens.asked.length]).toEqual([1, 1]);
    expect(await faultOf(client.request(get(server.url())))).toMatchObject({ kind: 'refused', status: 401 });
    expect([server.requests.length, tokens.asked.length]).toEqual([3, 2]);
  });

  test('another secret asks for another token', async () => {
    const [server, tokens] = [await serve(open), await endpoint()];
    const client = clientWith({ auth: { oauth2: oauth2(tokens.url) } });
    await client.request(get(server.url()));
    client.useAuth({ oauth2: { ...oauth2(tokens.url), clientSecret: 'next' } }, undefined);
    await client.request(get(server.url()));
    expect(tokens.asked.map(({ login }) => login)).toEqual(['client%2D1:s%3Acret', 'client%2D1:next']);
  });

  test('whoever waits for a token can leave, and others get it', async () => {
    const server = await serve(open);
    let answer = (): void => undefined;
    const slow = await serve((_, response) => {
      answer = () => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(bearer('t1', 300)));
      };
    });
    const client = clientWith({ auth: { oauth2: oauth2(slow.url('/token').href) } });
    const leaving = new AbortController();
    const left = client.request({ ...get(server.url()), signal: leaving.signal });
    const stayed = client.request(get(server.url()));
    await until(() => slow.requests.length === 1);
    leaving.abort(new Error('enough'));
    await expect(left).rejects.toThrow('enough');
    answer();
    expect(await stayed).toMatchObject({ status: 200 });
    expect(slow.requests).toHaveLength(1);
  });

  test('an endpoint that keeps silent takes half of the time at most', async () => {
    const [server, silent] = [await serve(open), await serve(() => undefined)];
    const client = clientWith({ timeoutMs: 200, auth: { oauth2: oauth2(silent.url('/token').href) } });
    const fault = await faultOf(client.request(get(server.url())));
    expect(fault).toMatchObject({ kind: 'unreachable' });
    expect(fault.message).toMatch(/^token endpoint http:.*\/token: no answer in time/);
  });

  test('an endpoint at an address that is not allowed is not asked', async () => {
    const tokens = await endpoint();
    const client = clientWith({ auth: { oauth2: oauth2(tokens.url) } }, createOutbound({ allow: [] }));
    const fault = await faultOf(client.request(get(new URL('https://feed.example/'))));
    expect(fault).toMatchObject({ kind: 'refused' });
    expect(fault.message).toMatch(/^token endpoint http:.*127\.0\.0\.1.*outbound\.allow/);
    expect(tokens.asked).toHaveLength(0);
  });

  test('no token: the sentence says where, and what to check, and nothing that was sent', async () => {
    const [server, tokens] = [await serve(open), await endpoint()];
    const client = clientWith({ auth: { oauth2: oauth2(tokens.url) } });
    const answers: [number, unknown, 'refused' | 'unreachable' | 'bad', RegExp][] = [
      [401, { error: 'invalid_client' }, 'refused', /\(status 401, invalid_client\); check `clientId`/],
      [400, { error: 's:cret' }, 'refused', /\(status 400\)/],
      [404, 'nothing here', 'refused', /\(status 404\)/],
      [302, {}, 'refused', /redirects \(status 302\); set `auth.oauth2.tokenUrl`/],
      [503, {}, 'unreachable', /gives no token \(status 503\)/],
      [200, { access_token: 's:cret' }, 'bad', /no bearer token/],
      [200, { ...bearer('s:cret', 300), token_type: 'mac' }, 'bad', /no bearer token/],
      [200, [], 'bad', /no bearer token/],
      [200, bearer('s:cret\n', 300), 'bad', /its token has a line break/],
    ];
    for (const [status, body, kind, text] of answers) {
      tokens.answer = () => ({ status, body });
      const fault = await faultOf(client.request(get(server.url())));
      expect(fault).toMatchObject({ kind, status: undefined });
      expect(fault.message).toContain(`token endpoint ${tokens.url}: `);
      expect(fault.message).toMatch(text);
      expect(JSON.stringify([fault, fault.message, fault.cause])).not.toContain('s:cret');
    }
    expect(server.requests).toHaveLength(0);
  });
});

function oauth2(tokenUrl: string) {
  return { tokenUrl, clientId: 'client-1', clientSecret: 's:cret' };
}

function bearer(value: string, lifetimeS: number): object {
  return { access_token: value, token_type: 'Bearer', expires_in: lifetimeS };
}
