// Who we are to the server: the header that says so, and whether another one can be had when it is not taken.

import { OptionsRejected, type Outbound } from '../../contract.js';
import { headerFault, valueFault } from './header-field.js';
import { AccessTokens } from './oauth2.js';
import type { AuthOptions } from './access-options.js';

/** For one request. */
export interface Credentials {
  readonly name: string;
  readonly value: string;
  /** They may have been withdrawn since they were had; others may be taken. */
  readonly isAged: boolean;
}

/** Where credentials come from. */
export interface Authorization {
  /**
   * undefined: none are needed. `refused`: these were not taken; others are had where that is possible. Throws FeedFault, and the
   * reason of `signal`.
   */
  credentials(signal: AbortSignal, refused?: Credentials): Promise<Credentials | undefined>;
}

export interface AuthorizationMeans {
  readonly fetch: Outbound['fetch'];
  /** For one answer of a token endpoint. */
  readonly timeoutMs: number;
}

/** Throws OptionsRejected for what no request can carry. The text never holds a secret. */
export function authorizationOf(auth: AuthOptions | undefined, means: AuthorizationMeans): Authorization {
  const { bearer, basic, header, oauth2 } = auth ?? {};
  if (oauth2 !== undefined) return tokens(new AccessTokens(oauth2, means));
  if (bearer !== undefined) {
    refuse(valueFault(bearer), 'auth.bearer');
    return constant('authorization', `Bearer ${bearer}`);
  }
  if (basic !== undefined) {
    refuse(basic.user.includes(':') ? 'must not have a colon' : undefined, 'auth.basic.user');
    return constant('authorization', basicValue(basic.user, basic.password));
  }
  if (header === undefined) return { credentials: async () => undefined };
  refuse(headerFault(header.name, header.value), 'auth.header');
  return constant(header.name.toLowerCase(), header.value);
}

function refuse(fault: string | undefined, option: string): void {
  if (fault !== undefined) throw new OptionsRejected(`${option}: ${fault}`);
}

/** RFC 7617; UTF-8, as most servers expect it. */
function basicValue(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

function constant(name: string, value: string): Authorization {
  const credentials: Credentials = { name, value, isAged: false };
  return { credentials: async () => credentials };
}

function tokens(source: AccessTokens): Authorization {
  const prefix = 'Bearer ';
  return {
    async credentials(signal, refused) {
      const { value, isNew } = await source.current(signal, refused?.value.slice(prefix.length));
      return { name: 'authorization', value: prefix + value, isAged: !isNew };
    },
  };
}
