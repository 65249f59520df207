// Which addresses may be connected to: those of single hosts on the public internet, and what the operator allows beside them.
// Judges addresses only; guard.ts turns names into addresses. An IPv6 address that carries an IPv4 address is judged by that one
// where packets really go there, and refused where that way is not used any more.

import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net';

/** Why an address is refused. */
export interface Refusal {
  /** The one that packets would go to. */
  readonly address: string;
  /** `a link-local address` */
  readonly what: string;
  /** The entry of `allow` for this address alone. */
  readonly range: string;
  /** The entry for all of its kind, where there is one. */
  readonly word: AllowWord | undefined;
}

/** What is wrong with an entry of `allow`. */
export interface EntryFault {
  /** `is no range ...` */
  readonly message: string;
  readonly suggestion?: string;
}

export const ALLOW_WORDS = ['private', 'loopback'] as const;
export type AllowWord = (typeof ALLOW_WORDS)[number];

/** Invariant: what is neither public nor in an entry of `allow` is refused, also what is no address at all. */
export class AddressPolicy {
  readonly #ranges = new BlockList();
  readonly #words: ReadonlySet<string>;

  /** `allow`: ranges (`10.20.0.0/16`), addresses and {@link ALLOW_WORDS}. Throws a TypeError for anything else. */
  constructor(allow: readonly string[]) {
    this.#words = new Set(allow);
    for (const entry of allow) {
      const fault = entryFault(entry);
      if (fault !== undefined) throw new TypeError(`${JSON.stringify(entry)} ${fault.message}`);
      if (!isWord(entry)) addRange(this.#ranges, entry);
    }
  }

  /** undefined: it may be connected to. */
  refusalOf(written: string): Refusal | undefined {
    const plain = written.replace(/%.*$/s, ''); // the zone says which link, and no more
    if (isIP(plain) === 0)
      return { address: written, what: 'no IP address', range: written, word: undefined };
    const address = carriedAddress(plain) ?? plain;
    const kind = kindOf(address);
    if (kind === undefined || holds(this.#ranges, address) || holds(this.#ranges, plain)) return undefined;
    if (kind.word !== undefined && this.#words.has(kind.word)) return undefined;
    return { address, what: kind.what, range: `${address}/${widthOf(address)}`, word: kind.word };
  }
}

/** Of an entry of `allow`; undefined: it is one. */
export function entryFault(entry: string): EntryFault | undefined {
  if (isWord(entry)) return undefined;
  const [address = '', length, ...more] = entry.split('/');
  const message = `is no range such as 10.20.0.0/16, no address, and neither ${ALLOW_WORDS.join(' nor ')}`;
  if (isIP(address) === 0 || address.includes('%') || more.length > 0) return { message };
  if (length === undefined) return undefined;
  const prefix = Number(length);
  if (!/^\d{1,3}$/.test(length) || prefix > widthOf(address)) return { message };
  const network = networkOf(address, prefix);
  if (holds(rangesOf([`${network}/${widthOf(network)}`]), address)) return undefined;
  const suggestion = `${network}/${prefix}`;
  return { message: `names one address and means ${suggestion}; write the range as it begins`, suggestion };
}

interface Kind {
  readonly what: string;
  readonly ranges: BlockList;
  readonly word?: AllowWord;
}

/**
 * What is not one host on the public internet: the registries of special-purpose addresses (RFC 6890 and
 * https://www.iana.org/assignments/iana-ipv4-special-registry, …-ipv6-special-registry). The first that holds counts.
 */
const KINDS: readonly Kind[] = [
  // of Azure, Oracle, Alibaba; AWS's and Google's by IPv6. None of them is what an operator means by `private`.
  kind('the address of a cloud’s metadata service', [
    ...['168.63.129.16', '192.0.0.192', '100.100.100.200', 'fd00:ec2::/32', 'fd20:ce::254'],
  ]),
  kind('a loopback address', ['127.0.0.0/8', '::1'], 'loopback'),
  kind('a private address', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'], 'private'),
  kind('a link-local address', ['169.254.0.0/16', 'fe80::/10']),
  kind('the unspecified address', ['0.0.0.0', '::']),
  kind('an address of this network', ['0.0.0.0/8']),
  kind('a shared address (CGNAT)', ['100.64.0.0/10']),
  kind('a multicast address', ['224.0.0.0/4', 'ff00::/8']),
  kind('the broadcast address', ['255.255.255.255']),
  kind('an address for documentation', [
    ...['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20'],
  ]),
  kind('an address for benchmarks', ['198.18.0.0/15', '2001:2::/48']),
  kind('a site-local address', ['fec0::/10']),
  kind('an address for discarding', ['100::/64']),
  kind('a Teredo address', ['2001::/32']),
  kind('a 6to4 address', ['2002::/16', '192.88.99.0/24']),
  kind('an address of a local NAT64', ['64:ff9b:1::/48']),
  kind('an IPv4-compatible address', ['::/96']),
  kind('a reserved address', ['192.0.0.0/24', '240.0.0.0/4', '2001::/23']),
];

/** All of IPv6 that has been given out as addresses of hosts. */
const GLOBAL_IPV6 = rangesOf(['2000::/3']);
const RESERVED: Kind = { what: 'a reserved address', ranges: new BlockList() };
/** IPv4-mapped, and NAT64 by its well-known prefix: packets go to the address in the last four bytes. */
const CARRIERS = rangesOf(['::ffff:0:0/96', '64:ff9b::/96']);

/** undefined: a public one. */
function kindOf(address: string): Kind | undefined {
  const known = KINDS.find(({ ranges }) => holds(ranges, address));
  return known ?? (isIPv4(address) || holds(GLOBAL_IPV6, address) ? undefined : RESERVED);
}

function carriedAddress(address: string): string | undefined {
  if (isIPv4(address) || !holds(CARRIERS, address)) return undefined;
  return dotted(wordsOf(address).slice(-2));
}

function kind(what: string, ranges: readonly string[], word?: AllowWord): Kind {
  return { what, ranges: rangesOf(ranges), ...(word && { word }) };
}

function rangesOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) addRange(list, range);
  return list;
}

function addRange(list: BlockList, range: string): void {
  const [address = '', prefix] = range.split('/');
  list.addSubnet(address, prefix === undefined ? widthOf(address) : Number(prefix), familyOf(address));
}

function holds(list: BlockList, address: string): boolean {
  return list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}

/** Bits of such an address. */
function widthOf(address: string): number {
  return isIPv4(address) ? 32 : 128;
}

function isWord(entry: string): entry is AllowWord {
  return ALLOW_WORDS.some((word) => word === entry);
}

/** The first address of the range. */
function networkOf(address: string, prefix: number): string {
  const isShort = isIPv4(address);
  const bits = isShort ? prefix + 96 : prefix;
  const words = wordsOf(isShort ? `::${address}` : address).map((word, index) => {
    const kept = Math.min(16, Math.max(0, bits - 16 * index));
    return word & (0xffff << (16 - kept)) & 0xffff;
  });
  if (isShort) return dotted(words.slice(-2));
  return new SocketAddress({
    address: words.map((word) => word.toString(16)).join(':'),
    family: 'ipv6',
  }).address;
}

/** The eight words of an IPv6 address, 16 bits each. */
function wordsOf(address: string): readonly number[] {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...octets: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = octets.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = [], tail = []] = hex.split('::').map((part) => part.split(':').filter((word) => word !== ''));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...zeros, ...tail].map((word) => parseInt(word, 16));
}

/** Of two words. */
function dotted(words: readonly number[]): string {
  return words.flatMap((word) => [word >> 8, word & 0xff]).join('.');
}
