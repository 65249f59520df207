// A process that reads hostile bodies and says what that cost. Its arguments are the URLs; its output is a list of BodyCost.

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';

import { FeedClient } from '../../../connectors/rest/client/feed-client.js';

export interface BodyCost {
  readonly path: string;
  readonly fault: string;
  /** By how much the peak of the memory of the process has risen. What it has just now, a system may take from it meanwhile. */
  readonly risenMiB: number;
  /** What was decompressed beyond the limit; below 0: less than the limit was. */
  readonly overKiB: number;
}

const MAX_BYTES = 5 * 2 ** 20;
let decompressed = 0;

/** Counts what all decoders like this one give, whether or not somebody takes it. */
function count(decoder: Transform): void {
  const prototype = Object.getPrototypeOf(decoder) as Transform;
  const push = Reflect.get(prototype, 'push') as (piece: Buffer | null, encoding?: BufferEncoding) => boolean;
  prototype.push = function (this: Transform, piece: Buffer | null, encoding?: BufferEncoding): boolean {
    decompressed += piece?.length ?? 0;
    return push.call(this, piece, encoding);
  };
}
count(zlib.createGunzip());
count(zlib.createBrotliDecompress());

const outbound = { httpAgent: new HttpAgent(), httpsAgent: new HttpsAgent(), fetch };
const settings = {
  timeoutMs: 30_000,
  maxBytes: MAX_BYTES,
  redirects: 'none',
  auth: undefined,
  tls: undefined,
} as const;
const client = new FeedClient(settings, outbound);

async function costOf(url: URL): Promise<BodyCost> {
  decompressed = 0;
  const before = process.resourceUsage().maxRSS;
  const { signal } = new AbortController();
  const fault = await client.request({ url, method: 'GET', headers: {}, signal }).then(
    () => 'none',
    (error: unknown) => String(error),
  );
  return {
    path: url.pathname,
    fault,
    risenMiB: (process.resourceUsage().maxRSS - before) / 1024,
    overKiB: (decompressed - MAX_BYTES) / 1024,
  };
}

const costs: BodyCost[] = [];
for (const url of process.argv.slice(2)) costs.push(await costOf(new URL(url)));
process.stdout.write(JSON.stringify(costs.slice(1)));
