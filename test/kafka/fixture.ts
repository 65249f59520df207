// Bytes that a Kafka 4.3 broker answered after the Java producer had written: 40 records per codec (offset 7 a tombstone, offset 8
// empty, headers on every fourth), and two producers' transactions that overlap. Also: a checksum made right again after a change.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { crc32c } from '../../src/kafka/crc32c.js';

export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

/** A fresh copy of a record set, or of a whole fetch response. */
export function fixture(name: (typeof CODECS)[number] | 'transactions' | 'transactions.response'): Buffer {
  return readFileSync(join(import.meta.dirname, 'fixtures', `${name}.bin`));
}

/** Writes the checksum that the batch at `at` should have, so that a change inside gets past it. */
export function signBatch(bytes: Buffer, at: number): Buffer {
  bytes.writeUInt32BE(crc32c(bytes, at + 21, at + 12 + bytes.readInt32BE(at + 8)), at + 17);
  return bytes;
}
