// Dead letters in a Kafka topic: those of one partition of the source in one partition, in their order. Reading it is
// letter-topic.ts.

import { OptionsRejected } from '../../connectors/contract.js';
import { KafkaRefused, KafkaUnreachable } from '../kafka/access-error.js';
import { RecordsRefused, type KafkaProducer } from '../kafka/producer.js';
import { stubBytes, withoutValue, type LetterStub } from './dead-letter.js';
import { letterRecord } from './letter-record.js';
import { StoreOutage, type LetterStore } from './stored.js';

export interface LetterTopicOptions {
  readonly topic: string;
  readonly producer: KafkaProducer;
}

/** Well below the 1 MiB that brokers take of old. */
const REQUEST_BYTES = 256 * 1024;

/** Invariant: what `store` resolves with has been acknowledged by all replicas that are in sync. */
export class LetterTopic implements LetterStore {
  readonly name: string;
  readonly #options: LetterTopicOptions;

  constructor(options: LetterTopicOptions) {
    this.#options = options;
    this.name = `topic ${options.topic}`;
  }

  async probe(): Promise<void> {
    const { topic, producer } = this.#options;
    try {
      await producer.check(topic);
    } catch (error) {
      if (error instanceof KafkaRefused) throw new OptionsRejected(`dead letters: ${error.message}`);
      if (!(error instanceof KafkaUnreachable)) throw error;
      return;
    }
    if (await producer.isCompacted(topic).catch(isOpen)) {
      throw new OptionsRejected(
        `dead letters: ${this.name} is compacted, so that letters would replace each other; set cleanup.policy=delete`,
      );
    }
  }

  async store(letters: readonly LetterStub[]): Promise<readonly LetterStub[]> {
    const { topic, producer } = this.#options;
    try {
      const partitions = await producer.partitions(topic);
      const partition = (letters[0]?.partition ?? 0) % partitions;
      const chosen = firstOf(letters.filter((letter) => letter.partition % partitions === partition));
      return await this.#send(partition, chosen);
    } catch (error) {
      if (error instanceof KafkaRefused || error instanceof KafkaUnreachable)
        throw new StoreOutage(error.message, { cause: error });
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#options.producer.close();
  }

  /** Half of them, and at last one without its value, where the topic takes no more at once. */
  async #send(partition: number, letters: readonly LetterStub[]): Promise<readonly LetterStub[]> {
    const { topic, producer } = this.#options;
    try {
      await producer.send(topic, partition, letters.map(letterRecord));
      return letters;
    } catch (error) {
      if (!(error instanceof RecordsRefused)) throw error;
      const [first] = letters;
      if (letters.length > 1) return await this.#send(partition, letters.slice(0, letters.length >> 1));
      if (error.why === 'invalid' || first === undefined) throw new StoreOutage(error.message);
      await this.#sendSmall(partition, first);
      return letters;
    }
  }

  async #sendSmall(partition: number, letter: LetterStub): Promise<void> {
    const { topic, producer } = this.#options;
    try {
      await producer.send(topic, partition, [letterRecord(withoutValue(letter))]);
    } catch (error) {
      throw error instanceof RecordsRefused ? new StoreOutage(error.message) : error;
    }
  }
}

/** At least one. */
function firstOf(letters: readonly LetterStub[]): LetterStub[] {
  const first: LetterStub[] = [];
  let bytes = 0;
  for (const letter of letters) {
    first.push(letter);
    bytes += stubBytes(letter);
    if (bytes >= REQUEST_BYTES) break;
  }
  return first;
}

/** A policy that we may not see, or not just now, is taken as a good one. */
function isOpen(error: unknown): false {
  if (error instanceof KafkaRefused || error instanceof KafkaUnreachable) return false;
  throw error;
}
