// C10: TLS that cannot be trusted is refused, whatever the environment says; client certificates and what is wrong with ours.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { ServerOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TlsOptions } from '../../../connectors/rest/client/access-options.js';
import { authority, type Authority, type Certificate } from '../../support/certificates.js';
import { answering, clientWith, faultOf, get, saying, type Answering } from './answering.js';
import type { CarelessOutcome } from './careless.js';
import { outputOf } from './compiled-apart.js';

let folder: string;
let ours: Authority;
let good: Certificate;
const open: Answering[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailrace-tls-'));
  ours = await authority(folder, 'ours');
  good = await ours.sign('good');
});
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});
afterAll(() => rm(folder, { recursive: true }));

const serve = async (options: ServerOptions): Promise<Answering> => {
  const server = await answering((_, response) => response.end('[]'), options);
  open.push(server);
  return server;
};
const ask = (server: Answering, tls: TlsOptions = {}) =>
  clientWith({ tls: { ca: ours.ca, ...tls } }).request(get(server.url()));

describe('C10 a server that cannot be trusted is refused, and gets no request', () => {
  const bad: [string, () => Promise<ServerOptions>, RegExp][] = [
    ['expired', () => ours.sign('late', { days: -1 }), /its certificate has expired/],
    [
      'of another host',
      () => ours.sign('other', { names: 'DNS:other' }),
      /for another host name.*servername/,
    ],
    ['signed by itself', selfSigned, /signed its certificate itself.*`tls.ca`/],
    [
      'of an unknown authority',
      async () => (await authority(folder, 'theirs')).sign('them'),
      /not signed by an authority that is trusted here/,
    ],
    ['with TLS 1.1 at most', async () => ({ ...good, ...OLD_TLS }), /no version of TLS from 1.2 on/],
  ];
  test.each(bad)('%s', async (_, options, text) => {
    const server = await serve(await options());
    const fault = await faultOf(ask(server));
    expect(fault).toMatchObject({ kind: 'unreachable', status: undefined });
    expect(fault.message).toMatch(text);
    expect(server.requests).toHaveLength(0);
    expect(server.connections()).toBe(1);
  });

  test('though the environment of the process says that all is well', async () => {
    const servers = await Promise.all(bad.map(async ([, options]) => serve(await options())));
    const urls = [...servers, await serve(good)].map((server) => server.url().href);
    const output = await outputOf('test/connectors/rest/careless.ts', [ours.ca, ...urls], {
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      NODE_OPTIONS: '--tls-min-v1.0 --tls-cipher-list=DEFAULT@SECLEVEL=0',
    });
    const outcomes = JSON.parse(output) as CarelessOutcome[];
    expect(outcomes.map(({ isTakenByNode }) => isTakenByNode)).toEqual(urls.map(() => true));
    expect(outcomes.at(-1)?.feed).toBe('200');
    for (const [index, [, , text]] of bad.entries()) expect(outcomes[index]?.feed).toMatch(text);
  });

  test('of an authority that is not named, though the one that is would do elsewhere', async () => {
    const server = await serve(good);
    const fault = await faultOf(clientWith().request(get(server.url())));
    expect(fault.message).toMatch(/set `tls.ca` to the authority that signed it/);
    expect(server.requests).toHaveLength(0);
  });

  test('by the header Host, which says nothing about who it is', async () => {
    const server = await serve(await ours.sign('other', { names: 'DNS:other' }));
    const fault = await faultOf(
      clientWith({ tls: { ca: ours.ca } }).request(get(server.url(), { Host: 'other' })),
    );
    expect(fault.message).toMatch(/for another host name/);
  });

  const OLD_TLS: ServerOptions = {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  };

  async function selfSigned(): Promise<ServerOptions> {
    const itself = await authority(folder, 'itself');
    return { cert: itself.ca, key: await readFile(join(folder, 'itself.key'), 'utf8') };
  }
});

describe('TLS that can be trusted', () => {
  test('by its address, and its connection is used again', async () => {
    const server = await serve(good);
    const client = clientWith({ tls: { ca: ours.ca } });
    for (let i = 0; i < 3; i++)
      expect(await client.request(get(server.url()))).toMatchObject({ status: 200 });
    expect(server.connections()).toBe(1);
  });

  test('by a name of its own, with servername', async () => {
    const server = await serve(await ours.sign('other', { names: 'DNS:other' }));
    expect(await ask(server, { servername: 'other' })).toMatchObject({ status: 200 });
  });
});

describe('client certificates', () => {
  const asking = async () => serve({ ...good, ca: ours.ca, requestCert: true, rejectUnauthorized: true });

  test('are shown', async () => {
    const server = await asking();
    expect(await ask(server, await ours.sign('client'))).toMatchObject({ status: 200 });
  });

  test('that are missing, or not trusted there, are named', async () => {
    const server = await asking();
    const stranger = await (await authority(folder, 'strangers')).sign('client');
    for (const tls of [{}, stranger]) {
      const fault = await faultOf(ask(server, tls));
      expect(fault).toMatchObject({ kind: 'unreachable' });
      expect(fault.message).toMatch(
        tls === stranger
          ? /does not accept our client certificate|cut before an answer/
          : /asks for a client certificate/,
      );
    }
    expect(server.requests).toHaveLength(0);
  });

  test('change without a new client, from the next connection on', async () => {
    const server = await asking();
    const client = clientWith({ tls: { ca: ours.ca } });
    await faultOf(client.request(get(server.url())));
    client.useAuth(undefined, { ca: ours.ca, ...(await ours.sign('client')) });
    expect(await client.request(get(server.url()))).toMatchObject({ status: 200 });
  });

  test('and authorities that are none are refused when they are given', async () => {
    const { cert, key } = good;
    const { key: otherKey } = await ours.sign('other');
    const faults: [TlsOptions, RegExp][] = [
      [{ ca: 'none' }, /`tls.ca` is not a certificate/],
      [{ cert: 'none', key }, /`tls.cert` is not a certificate/],
      [{ cert, key: 'none' }, /`tls.key` is not a private key/],
      [{ cert, key: otherKey }, /`tls.key` is not the key of `tls.cert`/],
      [{ cert }, /together or not at all/],
    ];
    for (const [tls, text] of faults) {
      expect(() => clientWith({ tls })).toThrow(text);
      const client = clientWith();
      expect(() => client.useAuth(undefined, tls)).toThrow(text);
    }
  });
});

describe('the wrong protocol', () => {
  test('TLS to a server without', async () => {
    const server = await saying('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', {
      protocol: 'https',
    });
    open.push(server);
    expect((await faultOf(ask(server))).message).toMatch(/does not speak TLS .*begin with http:/);
  });

  test('none to a server with TLS', async () => {
    const server = await serve(good);
    const url = new URL(server.url().href.replace('https:', 'http:'));
    const fault = await faultOf(clientWith().request(get(url)));
    expect(fault).toMatchObject({ kind: 'unreachable' });
    expect(fault.message).toMatch(/speak HTTP|cut before an answer/);
  });
});
