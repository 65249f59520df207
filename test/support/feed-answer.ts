// Answers of a feed: validators, true and lying, and compression.

import { createHash } from 'node:crypto';
import * as zlib from 'node:zlib';

import type { SeenRequest } from './feed-server.js';

export interface FeedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** `honest`: both; `etag` and `last-modified`: a true one of this kind alone; `lying`: both, the same for every body. */
export type Validators = 'honest' | 'etag' | 'last-modified' | 'lying' | 'none';

export type FeedEncoding = 'gzip' | 'deflate' | 'br' | 'zstd';

/** By tag: so many other bodies were before it. Last-Modified has whole seconds, so that each body is given its own. */
const seconds = new Map<string, number>();
const FIRST_MODIFIED_MS = Date.UTC(2020, 0, 1);

/** The answer with its validators, or 304 where the request has them. */
export function validated(answer: FeedAnswer, request: SeenRequest, kind: Validators): FeedAnswer {
  if (kind === 'none') return answer;
  const tag = kind === 'lying' ? '"always"' : tagOf(answer);
  if (!seconds.has(tag)) seconds.set(tag, seconds.size);
  const modified = new Date(FIRST_MODIFIED_MS + (seconds.get(tag) ?? 0) * 1_000).toUTCString();
  const headers = {
    ...(kind !== 'last-modified' && { etag: tag }),
    ...(kind !== 'etag' && { 'last-modified': modified }),
  };
  const { 'if-none-match': ifNoneMatch, 'if-modified-since': ifModifiedSince } = request.headers;
  const isSame =
    ifNoneMatch !== undefined && 'etag' in headers
      ? ifNoneMatch === tag
      : ifModifiedSince !== undefined && 'last-modified' in headers && ifModifiedSince === modified;
  if (isSame) return { status: 304, headers, body: Buffer.alloc(0) };
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

/** Of the body, and of what else makes up the page: the way to the next one. */
function tagOf({ body, headers: { link = '' } }: FeedAnswer): string {
  return `"${createHash('sha1').update(body).update(link).digest('hex')}"`;
}

export function encoded({ status, headers, body }: FeedAnswer, encoding: FeedEncoding): FeedAnswer {
  if (status !== 200) return { status, headers, body };
  return { status, headers: { ...headers, 'content-encoding': encoding }, body: compressed(body, encoding) };
}

function compressed(body: Buffer, encoding: FeedEncoding): Buffer {
  switch (encoding) {
    case 'gzip':
      return zlib.gzipSync(body);
    case 'deflate':
      return zlib.deflateSync(body);
    case 'br':
      return zlib.brotliCompressSync(body);
    case 'zstd': {
      // Not in every Node 20
      const { zstdCompressSync } = zlib as unknown as {
        readonly zstdCompressSync?: (bytes: Buffer) => Buffer;
      };
      if (zstdCompressSync === undefined) throw new Error('this Node has no zstd');
      return zstdCompressSync(body);
    }
  }
}
