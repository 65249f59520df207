// Judges a connection before it is made. A name is resolved once, and the socket connects to the addresses that were judged: a
// name that means another address a moment later gains nothing.

import type { LookupAddress, LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { AddressPolicy } from './address-policy.js';
import { addressRefused, type AddressRefused } from './address-refused.js';

/** As `dns.lookup` with `all: true`. */
export type ResolveAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Invariant: {@link lookup} gives addresses only all of which the policy lets through. */
export class Guard {
  #policy: AddressPolicy;
  readonly #resolve: ResolveAll;

  /** `resolve`: that of the system, but in tests. */
  constructor(allow: readonly string[], resolve: ResolveAll) {
    this.#policy = new AddressPolicy(allow);
    this.#resolve = resolve;
  }

  use(allow: readonly string[]): void {
    this.#policy = new AddressPolicy(allow);
  }

  /** Of an address as it is written; undefined: it may be connected to. */
  faultOf(address: string): AddressRefused | undefined {
    const refusal = this.#policy.refusalOf(address);
    return refusal && addressRefused(address, [refusal]);
  }

  /** For sockets: fails with {@link AddressRefused} where one address of the name is refused, since which one is used is chance. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.#resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const fault = error ?? this.#faultOfAll(hostname, addresses);
      const [first] = addresses ?? [];
      if (fault !== undefined) return callback(fault, []);
      if (options.all === true || first === undefined) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };

  #faultOfAll(hostname: string, addresses: readonly LookupAddress[]): Error | undefined {
    const judged = addresses.map(({ address }) => ({ address, refusal: this.#policy.refusalOf(address) }));
    const refusals = judged.flatMap(({ refusal }) => refusal ?? []);
    if (judged.length === 0) return new Error(`${hostname} has no address`);
    if (refusals.length === 0) return undefined;
    const trusted = judged.flatMap(({ address, refusal }) => (refusal === undefined ? [address] : []));
    return addressRefused(hostname, refusals, trusted);
  }
}
