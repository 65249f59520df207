// What a starting configuration must allow so that its schema registry can be asked.

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { AddressPolicy } from '../../outbound/address-policy.js';

/**
 * Entries of `outbound.allow`. An address gets its own range, and a name the word for what it means, since its addresses change;
 * for what has no word (link-local, metadata services) somebody who knows why must write the range.
 */
export async function allowedFor(url: string): Promise<readonly string[]> {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  const isAddress = isIP(host) !== 0;
  const policy = new AddressPolicy([]);
  const addresses = isAddress ? [{ address: host }] : await lookup(host, { all: true }).catch(() => []);
  const entries = addresses.flatMap(({ address }) => {
    const refusal = policy.refusalOf(address);
    return (isAddress ? refusal?.range : refusal?.word) ?? [];
  });
  return [...new Set(entries)];
}
