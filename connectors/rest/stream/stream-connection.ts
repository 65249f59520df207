// One connection of a stream, read to its end: what it brings, as events. Little is read ahead of who takes them. When to connect,
// and what the end of a connection means, is followed-reading.ts.

import { inTime } from './in-time.js';
import { ReadAhead } from './read-ahead.js';
import type { MessageStream, StreamMessage } from './stream-message.js';
import type { RecordsEvent, StreamRecords } from './stream-records.js';

export interface StreamConnection {
  readonly chunks: AsyncIterable<Buffer>;
  readonly messages: MessageStream;
  readonly records: StreamRecords;
  /** A connection on which no byte comes for so long is dead, or might as well be. */
  readonly idleTimeoutMs: number;
}

/** `closed`: by the server, as it should be. */
export type ConnectionEnd = 'closed' | 'idle';

/** What has arrived together is one event, if it is not too much. Rejects as `chunks` do, and with BadFeed, after all that came before. */
export async function* connectionEvents(
  connection: StreamConnection,
): AsyncGenerator<RecordsEvent, ConnectionEnd> {
  const { messages, records, idleTimeoutMs } = connection;
  const ahead = new ReadAhead(connection.chunks);
  try {
    for (;;) {
      const chunks = await inTime(ahead.take(), idleTimeoutMs);
      if (chunks === 'late') return 'idle';
      for (const message of messagesIn(chunks, messages)) {
        records.take(message);
        if (records.isFull) yield* flushed(records);
      }
      yield* flushed(records);
      if (chunks.length === 0) return 'closed';
    }
  } catch (error) {
    yield* flushed(records); // so that it is not asked for again, which not every server can be
    throw error;
  } finally {
    ahead.close();
  }
}

/** Of no chunks: what the end of the connection makes whole. */
function* messagesIn(chunks: readonly Buffer[], messages: MessageStream): Generator<StreamMessage> {
  for (const chunk of chunks) yield* messages.read(chunk);
  if (chunks.length === 0) yield* messages.end();
}

function* flushed(records: StreamRecords): Generator<RecordsEvent> {
  const event = records.flush();
  if (event !== undefined) yield event;
}
