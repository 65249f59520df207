// 64-bit integers of the Kafka protocol as JavaScript numbers: exact to 2^53, which offsets and times never reach.

/** Signed big-endian integer at `at`, which must be inside. */
export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

/** `value` must be an integer within +-2^53. */
export function writeInt64(bytes: Buffer, value: number, at: number): void {
  bytes.writeInt32BE(Math.floor(value / 2 ** 32), at);
  bytes.writeUInt32BE(value % 2 ** 32 < 0 ? (value % 2 ** 32) + 2 ** 32 : value % 2 ** 32, at + 4);
}
