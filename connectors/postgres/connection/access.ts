// What the options say about where the database is and how to get in, resolved.

import { parseDuration } from '../../../src/units.js';
import { OptionsRejected } from '../../contract.js';
import type { AccessOptions, TlsOptions } from './access-options.js';

export interface Host {
  readonly name: string;
  readonly port: number;
}

/** Resolved. */
export interface AccessSettings {
  /** In the order in which they are tried; at least one. */
  readonly hosts: readonly Host[];
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  /** undefined: no TLS. */
  readonly tls: TlsOptions | undefined;
  /** Whether the login must prove that it ends where TLS does (`channel_binding=require`). */
  readonly mustBindChannel: boolean;
  /** Per host. */
  readonly connectTimeoutMs: number;
}

/** Shared by all that connect. Settable, because passwords and certificates change: each new connection reads it anew. */
export interface Access {
  settings: AccessSettings;
  /** Default: {@link TIMINGS}. */
  readonly timings?: Timings;
}

export interface Timings {
  /** Between two reports to a server that streams; less, where it would count us as dead earlier. */
  readonly reportMs: number;
  /** A server that owes an answer and is silent for so long is looked after, or counts as dead. */
  readonly deadAfterMs: number;
}

export const TIMINGS: Timings = { reportMs: 10_000, deadAfterMs: 30_000 };

/** Throws OptionsRejected. Its text never holds the URL, which may hold a password. */
export function accessSettings(options: AccessOptions): AccessSettings {
  const { authority, path, parameters } = partsOf(options.url);
  const at = authority.lastIndexOf('@');
  const [user, password] = at < 0 ? [] : credentials(authority.slice(0, at));
  const chosenUser = options.user ?? user;
  if (chosenUser === undefined) {
    throw new OptionsRejected('url: it has no user; write postgres://user@host/database, or set `user`');
  }
  return {
    hosts: authority
      .slice(at + 1)
      .split(',')
      .map(hostOf),
    database: path === '' ? chosenUser : decoded(path, 'database'),
    user: chosenUser,
    password: options.password ?? password,
    tls: tlsOf(options, parameters),
    mustBindChannel: parameters.get('channel_binding') === 'require',
    connectTimeoutMs: parseDuration(options.connectTimeout ?? '10s') ?? 10_000,
  };
}

interface UrlParts {
  readonly authority: string;
  readonly path: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** By hand: URL knows no list of hosts with ports. */
function partsOf(url: string): UrlParts {
  const match = /^postgres(?:ql)?:\/\/([^/?#]+)(?:\/([^/?#]*))?(?:\?([^#]*))?$/.exec(url);
  if (match === null) {
    throw new OptionsRejected(
      'url: it must look like postgres://user@host:5432/database; write "/", "?", "#" and "@" of a password as %2F, %3F, %23 and %40, or set `password`',
    );
  }
  const [, authority = '', path = '', query = ''] = match;
  return { authority, path, parameters: knownParameters(query) };
}

const TAKEN: ReadonlySet<string> = new Set(['sslmode', 'channel_binding']);

function knownParameters(query: string): ReadonlyMap<string, string> {
  const parameters = new Map(new URLSearchParams(query));
  for (const name of parameters.keys()) {
    if (TAKEN.has(name)) continue;
    const instead = name.startsWith('ssl') ? '; set `tls`' : '';
    throw new OptionsRejected(
      `url: the parameter ${name} is not taken here, only sslmode and channel_binding are${instead}`,
    );
  }
  return parameters;
}

function credentials(text: string): [user: string | undefined, password: string | undefined] {
  const colon = text.indexOf(':');
  const user = colon < 0 ? text : text.slice(0, colon);
  const password = colon < 0 ? '' : text.slice(colon + 1);
  return [decoded(user, 'user') || undefined, decoded(password, 'password') || undefined];
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new OptionsRejected(`url: the ${what} is not encoded properly; write "%" as %25`);
  }
}

function hostOf(written: string): Host {
  const match = /^(\[[0-9A-Fa-f:.%]+\]|[^:[\]@\s]+)(?::([0-9]{1,5}))?$/.exec(written);
  const port = Number(match?.[2] ?? 5432);
  const name = match?.[1]?.replace(/^\[|\]$/g, '');
  if (name === undefined || port < 1 || port > 65_535) {
    throw new OptionsRejected('url: each host must be host:port, or [::1]:port, with a port from 1 to 65535');
  }
  return { name, port };
}

function tlsOf({ tls }: AccessOptions, parameters: UrlParts['parameters']): TlsOptions | undefined {
  const mode = parameters.get('sslmode');
  const wanted = isTlsWanted(mode);
  if (tls === undefined) return wanted === true ? {} : undefined;
  if (wanted !== undefined && wanted !== (tls !== false)) {
    throw new OptionsRejected(`url: sslmode=${mode} contradicts \`tls\`; leave one of them out`);
  }
  if (tls === false) return undefined;
  return tls === true ? {} : tls;
}

function isTlsWanted(mode: string | undefined): boolean | undefined {
  switch (mode) {
    case undefined:
      return undefined;
    case 'disable':
      return false;
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return true;
    case 'no-verify':
      throw new OptionsRejected('url: sslmode=no-verify is not taken here; set `tls: {verify: false}`');
    default:
      throw new OptionsRejected(
        'url: sslmode must be disable, require, verify-ca or verify-full: the others go on without TLS in silence',
      );
  }
}
