// The error of a connection that is not made, and its sentence: what the name is, and what to write where that is meant.

import { isIP } from 'node:net';
import type { Refusal } from './address-policy.js';

/** Nothing was sent and nothing was connected to: the address is not public, and `outbound.allow` does not have it. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
  readonly code = 'ADDRESS_REFUSED';
}

/** Of a hundred addresses a few say enough. */
const MOST_NAMED = 4;

/** `refusals`: of addresses of `host`, at least one. `trusted`: its other addresses, which are allowed. */
export function addressRefused(
  host: string,
  refusals: readonly Refusal[],
  trusted: readonly string[] = [],
): AddressRefused {
  const named = refusals.slice(0, MOST_NAMED);
  const which = named.map(({ address, what }) => (address === host ? what : `${address}, which is ${what}`));
  const verb = refusals.some(({ address }) => address === host)
    ? 'is'
    : isIP(host) === 0
      ? 'resolves to'
      : 'stands for';
  const half =
    trusted.length === 0
      ? ''
      : ` (and to ${trusted.slice(0, MOST_NAMED).join(', ')}: a name is let through with all of its addresses or not at all)`;
  const word = named.every((each) => each.word === named[0]?.word) ? named[0]?.word : undefined;
  const ranges = named.map(({ range }) => range).join(' and ');
  const entries = word === undefined ? ranges : `${ranges}, or the word ${word},`;
  return new AddressRefused(
    `${host} ${verb} ${which.join(', and ')}${half}; if that is meant, add ${entries} to outbound.allow`,
  );
}
