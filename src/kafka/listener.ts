// What kind of listener is at an address, found out by asking it. A listener of another kind than expected answers by hanging up,
// which says nothing by itself.

import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket, type ConnectionOptions } from 'node:tls';

import type { Address } from './address.js';
import { Bytes } from './fetch-request.js';
import { ProtocolReader } from './protocol-reader.js';

/** A broker's listener. */
export interface Listener {
  readonly hasTls: boolean;
  /** SASL mechanisms that it offers, as on the wire; empty: it takes no SASL; undefined: unknown. */
  readonly mechanisms: readonly string[] | undefined;
  /** That its certificate is for, as openssl writes them: `DNS:kafka.example, IP Address:10.0.0.7`. */
  readonly names: string | undefined;
}

const SASL_HANDSHAKE_API = 17;
const UNSUPPORTED_MECHANISM = 33;
const ILLEGAL_SASL_STATE = 34;
/** Offered by nobody, so that the answer is the list of what is. */
const NO_MECHANISM = 'NONE';
const MOST_MECHANISMS = 20;

/** undefined: no answer, or not that of a broker. Asks with and without TLS. Takes up to twice `timeoutMs`. */
export async function askListener(
  address: Address,
  tls: ConnectionOptions | boolean | undefined,
  timeoutMs: number,
): Promise<Listener | undefined> {
  const asked = tls === undefined || tls === false ? [false, true] : [true, false];
  for (const withTls of asked) {
    const listener = await ask(address, { withTls, tls, timeoutMs });
    if (listener !== undefined) return listener;
  }
  return undefined;
}

interface How {
  readonly withTls: boolean;
  readonly tls: ConnectionOptions | boolean | undefined;
  readonly timeoutMs: number;
}

function ask(address: Address, how: How): Promise<Listener | undefined> {
  return new Promise((resolve) => {
    const { withTls: hasTls, timeoutMs } = how;
    let isConnected = false;
    let names: string | undefined;
    let received = Buffer.alloc(0);
    const socket = connect(address, how, () => {
      isConnected = true;
      if (socket instanceof TLSSocket) names = socket.getPeerCertificate().subjectaltname;
      socket.write(handshakeRequest());
    });
    const end = (mechanisms?: readonly string[]): void => {
      socket.destroy();
      const isKnown = mechanisms !== undefined || (hasTls && isConnected);
      resolve(isKnown ? { hasTls, mechanisms, names } : undefined);
    };
    socket.setTimeout(timeoutMs, () => end());
    socket.on('error', () => end());
    socket.on('close', () => end());
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const answer = mechanismsIn(received);
      if (answer === 'not a broker') end();
      else if (answer !== 'incomplete') end(answer);
    });
  });
}

/** What is wrong with the certificate has been said before; here nothing is told to the broker but a question. */
function connect({ host, port }: Address, { withTls, tls }: How, onConnect: () => void): Socket {
  if (!withTls) return connectPlain({ host, port }, onConnect);
  const { cert, key, servername = isIP(host) === 0 ? host : undefined } = typeof tls === 'object' ? tls : {};
  const given = Object.entries({ cert, key, servername }).filter(([, value]) => value !== undefined);
  return connectTls({ host, port, ...Object.fromEntries(given), rejectUnauthorized: false }, onConnect);
}

/** SaslHandshake version 1, with its length. */
function handshakeRequest(): Buffer {
  const body = new Bytes(false)
    .int16(SASL_HANDSHAKE_API)
    .int16(1)
    .int32(0)
    .plainString('tailrace')
    .string(NO_MECHANISM)
    .finish();
  return Buffer.concat([new Bytes(false).int32(body.length).finish(), body]);
}

function mechanismsIn(bytes: Buffer): readonly string[] | 'incomplete' | 'not a broker' {
  if (bytes.length < 4) return 'incomplete';
  const length = bytes.readInt32BE(0);
  if (length < 10 || length > 4_096) return 'not a broker';
  if (bytes.length < 4 + length) return 'incomplete';
  const answer = new ProtocolReader(bytes.subarray(4, 4 + length), 0, { flexible: false });
  if (answer.int32() !== 0) return 'not a broker';
  const code = answer.int16();
  if (code === ILLEGAL_SASL_STATE) return [];
  if (code !== UNSUPPORTED_MECHANISM) return 'not a broker';
  const count = Math.min(answer.count(), MOST_MECHANISMS);
  return Array.from({ length: count }, () => answer.string());
}

/** What of our options does not fit the listener, and the fix; undefined: they fit, or it cannot be told. */
export function mismatchText(
  listener: Listener,
  ours: { readonly hasTls: boolean; readonly mechanism: string | undefined },
): string | undefined {
  const { hasTls, mechanisms } = listener;
  if (hasTls && !ours.hasTls)
    return 'this port expects TLS; set `tls: true`, or an object with `ca`, or use its port without TLS';
  if (!hasTls && ours.hasTls) return 'this port speaks no TLS; leave `tls` out, or use its TLS port';
  if (mechanisms === undefined) return undefined;
  const offered = mechanisms.join(', ');
  if (mechanisms.length > 0 && ours.mechanism === undefined)
    return `this port expects a login by SASL (it offers ${offered}); set \`sasl\`, or use a port without it`;
  if (mechanisms.length === 0 && ours.mechanism !== undefined)
    return 'this listener does not take SASL; use its SASL port, or leave `sasl` out';
  if (ours.mechanism !== undefined && !mechanisms.includes(ours.mechanism))
    return `the broker does not offer ${ours.mechanism}, but ${offered}; set \`sasl.mechanism\` to one of them`;
  return undefined;
}
