// Asks an operator's port, and says in words why there is no answer. Plain node:http: `fetch` costs the process 30 ms to load.

import { readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { dirname, resolve } from 'node:path';
import { adminAccess } from '../config/admin-access.js';
import type { Ms } from '../topic/update.js';

/** Where to ask. */
export interface AdminPort {
  /** Without a path: `http://127.0.0.1:9090`. */
  readonly url: URL;
  /** Of the configuration or its variable. */
  readonly token: () => string | undefined;
}

export interface AdminRequest {
  readonly url: URL;
  readonly token?: string | undefined;
  readonly timeoutMs: Ms;
  /** Sent by POST as JSON. Left out: GET. */
  readonly body?: string;
}

export type AdminReply =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string }
  /** `why` is a sentence. */
  | { readonly kind: 'unreachable'; readonly why: string };

/** Holds the token, unless a file is named or the configuration has it. */
export const TOKEN_VARIABLE = 'TAILRACE__ADMIN__TOKEN';

const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * The operator's port of a process with this configuration on this machine. A file that cannot be read is as one that says
 * nothing of it. Undefined: it takes any free port, so that nobody can tell.
 */
export async function ownAdminPort(config: string, env: NodeJS.ProcessEnv): Promise<AdminPort | undefined> {
  const readFile = (name: string): string => readFileSync(resolve(dirname(config), name), 'utf8');
  const { host, port, token } = await adminAccess(textOf(config), { env, readFile });
  if (port === 0) return undefined;
  return { url: new URL(`http://${reachable(host)}:${port}`), token };
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** All addresses of this machine have the loopback among them. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** One request. Never rejects. */
export function ask({ url, token, timeoutMs, body }: AdminRequest): Promise<AdminReply> {
  return new Promise((settle) => {
    const unreachable = (why: string): void => {
      clearTimeout(timer);
      request.destroy();
      settle({ kind: 'unreachable', why });
    };
    const headers = {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const method = body === undefined ? 'GET' : 'POST';
    const start = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request = start(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) unreachable(`${url.origin} answers without an end`);
      });
      response.on('end', () => {
        clearTimeout(timer);
        const text = Buffer.concat(chunks).toString('utf8');
        settle({ kind: 'answer', status: response.statusCode ?? 0, text });
      });
      response.on('error', (error) => unreachable(reasonOf(error, url)));
    });
    const timer = setTimeout(() => unreachable(`${url.origin} does not answer in time`), timeoutMs);
    request.on('error', (error) => unreachable(reasonOf(error, url)));
    request.end(body);
  });
}

/** Why the answer is not the one that was asked for. */
export function refusalText(status: number, { url, token }: AdminRequest): string {
  switch (status) {
    case 401:
      return token === undefined
        ? `${url.origin} asks for the admin token: set ${TOKEN_VARIABLE}, or say --token-file`
        : `the admin token is not that of ${url.origin}; it is taken from --token-file, ${TOKEN_VARIABLE} or the configuration`;
    case 403:
      return `${url.origin} has no admin token configured, so that nobody may ask: set admin.token there`;
    case 429:
      return `${url.origin} has had too many wrong tokens from here; it listens again in a minute`;
    default:
      return `${url.origin} answers ${status}: is this the admin port of a tailrace?`;
  }
}

function reasonOf(error: Error, { origin, hostname }: URL): string {
  const code = 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ECONNREFUSED':
      return `nothing listens at ${origin}`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `there is no host ${hostname}`;
    case 'ECONNRESET':
      return `${origin} broke the connection off`;
    default:
      return `${origin} cannot be reached (${code === '' ? error.name : code})`;
  }
}
