// A listener that nobody may connect to, on every address of this machine but one, which redirects to the others; and names that
// lead there.

import { lookup, type LookupAddress } from 'node:dns';
import { createServer, connect, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import type { ResolveAll } from '../../src/outbound/guard.js';

export class Canary {
  readonly #server: Server;
  #connections = 0;
  /** How many came to {@link PUBLIC}. */
  redirected = 0;

  private constructor() {
    this.#server = createServer((socket) => {
      socket.on('error', () => undefined).resume();
      const isPublic = socket.localAddress?.endsWith(PUBLIC) === true;
      if (isPublic) this.redirected++;
      else this.#connections++;
      socket.end(isPublic ? this.#redirect() : ANSWER);
    });
  }

  static async listen(): Promise<Canary> {
    const canary = new Canary();
    canary.#server.listen(0, '::');
    await once(canary.#server, 'listening');
    return canary;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many came so far. Connections are accepted in their order: one of ours ends the wait for those of others. */
  async count(): Promise<number> {
    const own = connect(this.port, '127.0.0.1');
    own.resume();
    await once(own, 'close');
    return --this.#connections;
  }

  close(): void {
    this.#server.close();
  }

  #redirect(): string {
    const location = `http://127.0.0.1:${this.port}/`;
    return `HTTP/1.1 302 Found\r\nlocation: ${location}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`;
  }
}

/** So that nobody waits. */
const ANSWER = 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}';

/** Stands in for a public address: the one that the tests allow. */
export const PUBLIC = '127.0.0.2';

/** Names of a DNS that an attacker writes. All others, and numbers that look like names, are the system's. */
export function hostileNames(): ResolveAll {
  const asked = new Map<string, number>();
  return (name, options, callback) => {
    const count = asked.get(name) ?? 0;
    asked.set(name, count + 1);
    const addresses = NAMES[name.toLowerCase()]?.(count);
    if (addresses !== undefined) return process.nextTick(callback, null, addresses.map(addressOf));
    if (/[a-z]{2}/i.test(name) && !/^0x|localhost/i.test(name))
      return process.nextTick(
        callback,
        Object.assign(new Error(`${name} is not known`), { code: 'ENOTFOUND' }),
        [],
      );
    return lookup(name, { ...options, all: true }, callback);
  };
}

/** By how often they were asked for before. */
const NAMES: Readonly<Record<string, (count: number) => readonly string[]>> = {
  'feeds.example': () => [PUBLIC],
  '127.0.0.1.nip.example': () => ['127.0.0.1'],
  '169-254-169-254.nip.example': () => ['169.254.169.254'],
  'metadata.example': () => ['169.254.169.254'],
  'flips.example': (count) => [count % 2 === 0 ? PUBLIC : '127.0.0.1'],
  'half.example': () => [PUBLIC, '127.0.0.1'],
  'other-half.example': () => ['127.0.0.1', PUBLIC],
  'mapped.example': () => ['::ffff:127.0.0.1'],
  'nat64.example': () => ['64:ff9b::7f00:1'],
  'six.example': () => ['::1'],
};

function addressOf(address: string): LookupAddress {
  return { address, family: address.includes(':') ? 6 : 4 };
}

/** Ways to write an address that is not public. `PORT` is the canary's. */
export const HOSTILE_URLS: readonly string[] = [
  'http://127.0.0.1:PORT/',
  'http://127.0.0.1:PORT/feed?x=1',
  'HTTP://127.0.0.1:PORT/',
  'http:127.0.0.1:PORT/',
  'http://127.0.0.1.:PORT/',
  'http://127.255.255.254:PORT/',
  // decimal, hexadecimal, octal, short
  'http://2130706433:PORT/',
  'http://0x7f000001:PORT/',
  'http://0x7f.0x0.0x0.0x1:PORT/',
  'http://0177.0.0.1:PORT/',
  'http://017700000001:PORT/',
  'http://127.1:PORT/',
  'http://127.0.1:PORT/',
  'http://0:PORT/',
  'http://0.0.0.0:PORT/',
  // IPv6, and IPv4 in it
  'http://[::1]:PORT/',
  'http://[0:0:0:0:0:0:0:1]:PORT/',
  'http://[::]:PORT/',
  'http://[::ffff:127.0.0.1]:PORT/',
  'http://[::ffff:7f00:1]:PORT/',
  'http://[::FFFF:7F00:0001]:PORT/',
  'http://[::127.0.0.1]:PORT/',
  'http://[::ffff:0:127.0.0.1]:PORT/',
  'http://[64:ff9b::7f00:1]:PORT/',
  'http://[2002:7f00:1::]:PORT/',
  'http://[fe80::1%25lo]:PORT/',
  'http://[::1%25lo]:PORT/',
  // the name
  'http://localhost:PORT/',
  'http://LOCALHOST:PORT/',
  'http://localhost.:PORT/',
  'http://feeds.localhost:PORT/',
  // spelled
  'http://%31%32%37%2e%30%2e%30%2e%31:PORT/',
  'http://１２７.０.０.１:PORT/',
  'http://①②⑦.⓪.⓪.①:PORT/',
  'http://127。0。0。1:PORT/',
  'http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:PORT/',
  'http://127.0.0.1\t:PORT/',
  // that look like another place
  'http://feeds.example@127.0.0.1:PORT/',
  'http://feeds.example:80@127.0.0.1:PORT/',
  'http://127.0.0.1:PORT\\@feeds.example/',
  'http://127.0.0.1:PORT#@feeds.example/',
  // DNS
  'http://127.0.0.1.nip.example:PORT/',
  'http://half.example:PORT/',
  'http://other-half.example:PORT/',
  'http://mapped.example:PORT/',
  'http://nat64.example:PORT/',
  'http://six.example:PORT/',
  // metadata services
  'http://169.254.169.254/latest/meta-data/',
  'http://2852039166/',
  'http://0xA9FEA9FE/',
  'http://[::ffff:169.254.169.254]/',
  'http://[::ffff:a9fe:a9fe]/',
  'http://[fd00:ec2::254]/',
  'http://100.100.100.200/',
  'http://168.63.129.16/',
  'http://169-254-169-254.nip.example/',
  'http://metadata.example/computeMetadata/v1/',
];
