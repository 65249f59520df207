// Whether a schema registry answers, and lets us in: asked for its subjects, once, for `check --connect`.

import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

import { OptionsRejected, SourceUnavailable, type Outbound } from '../../connectors/contract.js';
import type { SchemaRegistryConfig } from '../config/config.js';
import { tlsRefusal } from '../kafka/access-error.js';

interface Asking {
  readonly signal: AbortSignal;
  readonly outbound: Pick<Outbound, 'httpAgent' | 'httpsAgent'>;
}

/** Throws OptionsRejected, SourceUnavailable. */
export async function contactRegistry(
  registry: SchemaRegistryConfig,
  { signal, outbound }: Asking,
): Promise<{ readonly subjects: number }> {
  const { url } = registry;
  const { status, body } = await ask(registry, { signal, outbound });
  if (status === 401 || status === 403)
    throw new OptionsRejected(
      `${url} does not let this user in (status ${status}); check username and password of schemaRegistry`,
    );
  if (status === 429 || status >= 500) throw new SourceUnavailable(`${url} answers with status ${status}`);
  const subjects = subjectsIn(body);
  if (status !== 200 || subjects === undefined)
    throw new OptionsRejected(
      `who answers at ${url} is no schema registry (status ${status}); check url of schemaRegistry, its base path too`,
    );
  return { subjects };
}

async function ask(
  { url, login, ca }: SchemaRegistryConfig,
  { signal, outbound }: Asking,
): Promise<{ readonly status: number; readonly body: string }> {
  const isSecure = url.startsWith('https:');
  const user = login && `${login.username}:${login.password.reveal()}`;
  const options = {
    headers: { accept: 'application/json', ...(user && { authorization: `Basic ${base64(user)}` }) },
    agent: isSecure ? outbound.httpsAgent : outbound.httpAgent,
    signal,
    ...(ca !== undefined && { ca }),
  };
  const send = isSecure ? httpsRequest : httpRequest;
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      send(`${url.replace(/\/+$/, '')}/subjects`, options, resolve)
        .on('error', reject)
        .end();
    });
    return { status: answer.statusCode ?? 0, body: await text(answer) };
  } catch (error) {
    throw contactError(error, url);
  }
}

function contactError(error: unknown, url: string): OptionsRejected | SourceUnavailable {
  const { code: given, name, message } = error as Partial<Readonly<Record<string, unknown>>>;
  if (name === 'AddressRefused')
    return new OptionsRejected(`url of schemaRegistry: ${String(message)}`, { cause: error });
  const code = typeof given === 'string' ? given : undefined;
  const refusal = tlsRefusal(code, 'ca of schemaRegistry');
  if (refusal !== undefined) return new OptionsRejected(`${url}: ${refusal}`, { cause: error });
  const reason = code ?? (typeof message === 'string' ? message : 'no answer');
  return new SourceUnavailable(`${url} is unreachable: ${reason}`, { cause: error });
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** How many; undefined: it is no list. */
function subjectsIn(body: string): number | undefined {
  try {
    const subjects: unknown = JSON.parse(body);
    return Array.isArray(subjects) ? subjects.length : undefined;
  } catch {
    return undefined;
  }
}
