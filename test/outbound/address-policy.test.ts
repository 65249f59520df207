// C9, F17: which addresses are public, which an entry of `outbound.allow` lets through, and what is no entry.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AddressPolicy, entryFault } from '../../src/outbound/address-policy.js';

const nothing = new AddressPolicy([]);

function judged(address: string, ...allow: string[]): string {
  return new AddressPolicy(allow).refusalOf(address)?.what ?? 'let through';
}

describe('C9 by default', () => {
  test.each([
    ...[
      '1.1.1.1',
      '8.8.8.8',
      '93.184.216.34',
      '172.15.255.255',
      '172.32.0.1',
      '100.63.255.255',
      '100.128.0.1',
    ],
    ...[
      '169.253.255.255',
      '169.255.0.0',
      '192.167.255.255',
      '192.169.0.0',
      '198.17.255.255',
      '223.255.255.255',
    ],
    ...['2606:2800:220:1:248:1893:25c8:1946', '2a00:1450::1', '2620:4f:8000::1', '2001:200::1', '3ffe::1'],
    ...['::ffff:8.8.8.8', '::ffff:808:808', '64:ff9b::8.8.8.8', '64:ff9b::808:808'],
  ])('%s is public', (address) => {
    expect(judged(address)).toBe('let through');
  });

  test.each([
    [
      'a loopback address',
      '127.0.0.1',
      '127.255.255.254',
      '::1',
      '0:0:0:0:0:0:0:1',
      '::ffff:127.0.0.1',
      '64:ff9b::7f00:1',
    ],
    [
      'a private address',
      '10.0.0.1',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      'fc00::1',
      'fdff::1',
      '::ffff:a00:1',
    ],
    [
      'a link-local address',
      '169.254.169.254',
      '169.254.0.1',
      'fe80::1',
      'fe80::1%eth0',
      'febf::1',
      '::ffff:a9fe:a9fe',
    ],
    [
      'the address of a cloud’s metadata service',
      '168.63.129.16',
      '100.100.100.200',
      '192.0.0.192',
      'fd00:ec2::254',
      'fd20:ce::254',
    ],
    ['the unspecified address', '0.0.0.0', '::', '::ffff:0.0.0.0'],
    ['an address of this network', '0.0.0.1', '0.255.255.255'],
    ['a shared address (CGNAT)', '100.64.0.1', '100.127.255.255'],
    ['a multicast address', '224.0.0.1', '239.255.255.255', 'ff02::1'],
    ['the broadcast address', '255.255.255.255'],
    ['an address for documentation', '192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
    ['an address for benchmarks', '198.18.0.1', '198.19.255.255', '2001:2::1'],
    ['a site-local address', 'fec0::1'],
    ['an address for discarding', '100::1'],
    ['a Teredo address', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
    ['a 6to4 address', '2002:7f00:1::1', '2002:808:808::1', '192.88.99.1'],
    ['an address of a local NAT64', '64:ff9b:1::a00:1', '64:ff9b:1:ffff::1'],
    ['an IPv4-compatible address', '::127.0.0.1', '::a9fe:a9fe', '::8.8.8.8'],
    [
      'a reserved address',
      '192.0.0.1',
      '240.0.0.1',
      '2001:1::1',
      '::ffff:0:127.0.0.1',
      '5f00::1',
      '4000::1',
      '1::1',
    ],
    [
      'no IP address',
      '',
      'localhost',
      '127.1',
      '0x7f000001',
      '2130706433',
      '127.0.0.1.',
      '1.2.3.4/32',
      '[::1]',
    ],
  ])('%s is refused', (what, ...addresses) => {
    for (const address of addresses) expect(`${address}: ${judged(address)}`).toBe(`${address}: ${what}`);
  });

  test('C9 an IPv4 address is judged alike wherever packets would go to it', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const hex = Buffer.from(address.split('.').map(Number)).toString('hex');
        const tail = `${hex.slice(0, 4)}:${hex.slice(4)}`;
        const plain = nothing.refusalOf(address);
        for (const form of [
          `::ffff:${address}`,
          `::FFFF:${tail}`,
          `0:0:0:0:0:ffff:${tail}`,
          `64:ff9b::${address}`,
        ])
          expect(nothing.refusalOf(form)).toEqual(plain);
      }),
    );
  });

  test('C9 of IPv6, nothing outside of 2000::/3 is public but what carries a public IPv4 address', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const first = Number.parseInt(address.split(':')[0] ?? '', 16) || 0;
        const isGlobal = first >= 0x2000 && first <= 0x3fff;
        if (!isGlobal && !/^(0|64|:)/i.test(address)) expect(nothing.refusalOf(address)).toBeDefined();
      }),
    );
  });
});

describe('outbound.allow', () => {
  test('a range lets through what it holds and nothing beside it', () => {
    expect(judged('10.20.0.1', '10.20.0.0/16')).toBe('let through');
    expect(judged('10.21.0.1', '10.20.0.0/16')).toBe('a private address');
    expect(judged('10.20.0.1', '10.20.0.1')).toBe('let through');
    expect(judged('fd12:3456::1', 'fd12:3456::/32')).toBe('let through');
    expect(judged('fd12:3457::1', 'fd12:3456::/32')).toBe('a private address');
  });

  test('a range of IPv4 holds for the IPv6 addresses that lead there', () => {
    for (const address of ['::ffff:10.20.0.1', '64:ff9b::10.20.0.1'])
      expect(judged(address, '10.20.0.0/16')).toBe('let through');
    for (const address of ['2002:0a14:1::1', '::10.20.0.1'])
      expect(judged(address, '10.20.0.0/16')).not.toBe('let through');
  });

  test('`private` is what RFC 1918 and RFC 4193 call so, without metadata services', () => {
    for (const address of ['10.0.0.1', '172.20.0.1', '192.168.0.1', 'fd00::1'])
      expect(judged(address, 'private')).toBe('let through');
    for (const address of [
      '127.0.0.1',
      '169.254.169.254',
      '100.64.0.1',
      'fd00:ec2::254',
      'fe80::1',
      'fec0::1',
    ])
      expect(judged(address, 'private')).not.toBe('let through');
  });

  test('`loopback` is this machine, and link-local addresses need a range', () => {
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
      expect(judged(address, 'loopback')).toBe('let through');
    for (const address of ['10.0.0.1', '0.0.0.0', '169.254.169.254'])
      expect(judged(address, 'loopback', 'fe80::/10')).not.toBe('let through');
    expect(judged('169.254.169.254', '169.254.169.254/32')).toBe('let through');
    expect(judged('fe80::1%eth0', 'fe80::/10')).toBe('let through');
  });

  test.each([
    'private',
    'loopback',
    '10.0.0.0/8',
    '0.0.0.0/0',
    '::/0',
    '10.1.2.3',
    '10.1.2.3/32',
    'fd00::/8',
    '::1',
    'FD00::/8',
  ])('%s is an entry', (entry) => {
    expect(entryFault(entry)).toBeUndefined();
  });

  test.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['192.168.1.1/24', '192.168.1.0/24'],
    ['192.168.1.255/31', '192.168.1.254/31'],
    ['fd00::1/8', 'fd00::/8'],
    ['fd12:3456:789a::/33', 'fd12:3456::/33'],
    ['10.0.0.1/0', '0.0.0.0/0'],
  ])('%s does not say what it means: %s', (entry, suggestion) => {
    expect(entryFault(entry)?.suggestion).toBe(suggestion);
    expect(entryFault(suggestion)).toBeUndefined();
  });

  test.each([
    '',
    'localhost',
    'public',
    'link-local',
    '*',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0/8',
    '::/129',
    'fe80::1%eth0',
    '10.0.0.0-10.0.0.9',
    ' 10.0.0.0/8',
    '10.0.0.0/-1',
    '10.0.0.0/1e1',
  ])('"%s" is no entry', (entry) => {
    expect(entryFault(entry)?.message).toContain('no range');
    expect(() => new AddressPolicy([entry])).toThrow(TypeError);
  });
});
