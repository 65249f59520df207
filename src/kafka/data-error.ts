// What is wrong with bytes that a broker sent. The decoder throws nothing else.

/** Why stored bytes cannot be read. */
export type DataFault =
  /** The checksum does not match, twice in a row. */
  | 'corrupt'
  /** A message format older than record batches (before Kafka 0.11). */
  | 'old-format'
  | 'unknown-codec'
  /** Decompressed, the batch is larger than the limit. */
  | 'too-large'
  /** The checksum matches but lengths or counts inside contradict each other. */
  | 'malformed';

/** Thrown by the decoder; `at` is added where topic and partition are known. */
export class KafkaDataError extends Error {
  override readonly name = 'KafkaDataError';
  readonly fault: DataFault;
  readonly detail: string;

  constructor(fault: DataFault, detail: string, at?: { topic: string; partition: number; offset: number }) {
    const where =
      at === undefined ? '' : `, topic ${at.topic} partition ${at.partition} at offset ${at.offset}`;
    super(`${DESCRIPTION[fault]} (${detail})${where}`);
    this.fault = fault;
    this.detail = detail;
  }
}

const DESCRIPTION: Readonly<Record<DataFault, string>> = {
  corrupt: 'a record batch is corrupt',
  'old-format': 'the topic holds messages in a format from before Kafka 0.11',
  'unknown-codec': 'a record batch is compressed with an unknown codec',
  'too-large': 'a record batch is too large when decompressed',
  malformed: 'a record batch contradicts itself',
};
