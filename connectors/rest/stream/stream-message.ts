// What a stream that stays open is made of: messages, each a JSON document. How they stand in the bytes is sse-stream.ts and
// ndjson-stream.ts; what records they are, stream-records.ts.

export interface StreamMessage {
  /** undefined: it has none, and only its `id` says something. */
  readonly document: Buffer | undefined;
  /** It says that what is in the document is gone. */
  readonly isDelete: boolean;
  /** From where the stream goes on after this message, a char a byte; '': from nowhere in particular. undefined: as before. */
  readonly id: string | undefined;
}

/** One connection's bytes, cut into messages. */
export interface MessageStream {
  /** The messages that end in `chunk`. Throws BadFeed, after those before it, at one that is too large: then it is of no more use. */
  read(chunk: Buffer): Iterable<StreamMessage>;
  /** The sender has closed the connection: what is left of it. */
  end(): Iterable<StreamMessage>;
  /** How long the server wants us to wait before we connect again, as it said last. */
  readonly retryMs: number | undefined;
}
