// An OAuth 2 token endpoint on a real port, and the tokens that a broker with the unsecured validator takes.

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface AskedToken {
  readonly login: string;
  readonly form: Record<string, string>;
}

export interface TokenEndpoint {
  readonly url: string;
  readonly asked: AskedToken[];
  /** What it answers from now on. */
  answer: () => { readonly status: number; readonly body: unknown };
  close(): Promise<void>;
}

export async function tokenEndpoint(): Promise<TokenEndpoint> {
  const asked: AskedToken[] = [];
  const endpoint = { asked, answer: () => ({ status: 200, body: bearerToken() as unknown }) };
  const take = async (request: IncomingMessage): Promise<void> => {
    const login = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64');
    asked.push({
      login: login.toString(),
      form: Object.fromEntries(new URLSearchParams(await text(request))),
    });
  };
  const server = createServer((request, response) => {
    void take(request).then(() => {
      const { status, body } = endpoint.answer();
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(endpoint, {
    url: `http://127.0.0.1:${port}/token`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

/** An answer of an endpoint, with an unsigned token. */
export function bearerToken({ subject = 'olga', lifetimeS = 300 } = {}): {
  access_token: string;
  expires_in: number;
  token_type: string;
} {
  const now = Math.floor(Date.now() / 1_000);
  const part = (fields: object): string => Buffer.from(JSON.stringify(fields)).toString('base64url');
  const claims = { sub: subject, iat: now - 60, exp: now + lifetimeS };
  return {
    access_token: `${part({ alg: 'none' })}.${part(claims)}.`,
    expires_in: lifetimeS,
    token_type: 'Bearer',
  };
}
