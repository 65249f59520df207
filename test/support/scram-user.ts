// Sets the SCRAM credentials of a user by the request that brokers take for it (AlterUserScramCredentials): the Java tool needs two
// seconds for one mechanism.

import { pbkdf2Sync, randomBytes } from 'node:crypto';

import { parseAddress } from '../../src/kafka/address.js';
import { Bytes } from '../../src/kafka/fetch-request.js';
import { connectBroker, sendOwn } from '../../src/kafka/kafkajs-broker.js';
import { ProtocolReader } from '../../src/kafka/protocol-reader.js';

const MECHANISMS = [
  { code: 1, digest: 'sha256', bytes: 32 },
  { code: 2, digest: 'sha512', bytes: 64 },
] as const;
const ITERATIONS = 4_096;

/** For SCRAM-SHA-256 and SCRAM-SHA-512. New logins need it at once. */
export async function setScramPassword(address: string, user: string, password: string): Promise<void> {
  const settings = { clientId: 'test', connectTimeoutMs: 3_000, requestTimeoutMs: 10_000 };
  const broker = await connectBroker(parseAddress(address), { ...settings, ssl: undefined, sasl: undefined });
  try {
    for (const { code, digest, bytes } of MECHANISMS) {
      const salt = randomBytes(16);
      const salted = pbkdf2Sync(password, salt, ITERATIONS, bytes, digest);
      const body = new Bytes(true).tags().count(0).count(1);
      body.string(user).int8(code).int32(ITERATIONS);
      for (const part of [salt, salted]) body.count(part.length).raw(part);
      const names = { apiKey: 51, apiVersion: 0, apiName: 'AlterUserScramCredentials' };
      const error = await sendOwn(broker, { ...names, body: body.tags().tags().finish() }, readError);
      if (error !== 0) throw new Error(`the password of ${user} was not set: error ${error}`);
    }
  } finally {
    await broker.disconnect();
  }
}

function readError(bytes: Buffer): number {
  const answer = new ProtocolReader(bytes, 0, { flexible: true });
  answer.tags();
  answer.int32(); // throttle
  answer.count();
  answer.string();
  return answer.int16();
}
