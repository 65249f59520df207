// How the messages of a stream stand in its bytes: its Content-Type says so.

import { BadFeed } from '../format/bad-feed.js';
import { NdjsonStream } from './ndjson-stream.js';
import { SseStream } from './sse-stream.js';
import type { MessageStream } from './stream-message.js';

export interface StreamFormatSettings {
  /** `any`: whatever is not called server-sent events is lines of JSON. */
  readonly contentType: 'check' | 'any';
  /** Of one message. */
  readonly maxBytes: number;
}

/** What is asked for, the dearest first. */
export const STREAM_ACCEPT =
  'text/event-stream, application/x-ndjson;q=0.9, application/jsonl;q=0.8, */*;q=0.1';

const EVENTS = 'text/event-stream';
/** Lines of JSON have no registered type. */
const LINES: ReadonlySet<string> = new Set([
  ...['application/x-ndjson', 'application/ndjson', 'application/stream+json', 'application/x-json-stream'],
  ...['application/jsonl', 'application/x-jsonlines', 'application/jsonlines'],
]);

/** Throws BadFeed where the answer is no stream. `contentType`: the header as it came. */
export function messageStreamOf(
  contentType: string | undefined,
  settings: StreamFormatSettings,
): MessageStream {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === EVENTS) return new SseStream(settings.maxBytes);
  if (settings.contentType === 'check' && !LINES.has(type)) throw new BadFeed(noStream(type));
  return new NdjsonStream(settings.maxBytes);
}

function noStream(type: string): string {
  const shown = /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(type) ? `is ${type}` : 'is missing, or no media type';
  return `the Content-Type of the answer ${shown}: a stream is ${EVENTS} or application/x-ndjson; leave out follow if it does not stay open, or set contentType: any if it is JSON line by line`;
}
