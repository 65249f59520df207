// Makes the sink for the dead letters of a source, from what its configuration says.

import type { Outbound } from '../../connectors/contract.js';
import type { Clock } from '../clock.js';
import type { DeadLetterStoreConfig, SourceConfig } from '../config/config.js';
import type { DeadLetterSink } from '../dead-letters/dead-letter.js';
import { LetterFile } from '../dead-letters/file.js';
import { alsoLogged, LoggedDeadLetters } from '../dead-letters/logged.js';
import { StoredDeadLetters, type LetterStore } from '../dead-letters/stored.js';
import { LetterTopic } from '../dead-letters/topic.js';
import { openProducer } from '../kafka/producer.js';
import type { Log } from '../telemetry/logger.js';

export interface LetterDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Of a topic: to where the token for it is had. */
  readonly outbound: Outbound;
}

/** Contacts nobody and opens no file yet. */
export function deadLetterSink(
  { name, deadLetters }: Pick<SourceConfig, 'name' | 'deadLetters'>,
  { clock, log, outbound }: LetterDeps,
): DeadLetterSink {
  const ofSource = log.child({ source: name });
  const logged = new LoggedDeadLetters(log, clock); // its lines name the source
  if (deadLetters.store === undefined) return logged;
  const store = storeOf(deadLetters.store, { log: ofSource, outbound });
  return alsoLogged(new StoredDeadLetters({ store, clock, log: ofSource }), logged);
}

/** Whether rejected records of the source could be stored. Rejects as the sink does. */
export async function probeDeadLetters(...given: Parameters<typeof deadLetterSink>): Promise<void> {
  const sink = deadLetterSink(...given);
  try {
    await sink.probe?.();
  } finally {
    await sink.close?.();
  }
}

function storeOf(
  config: DeadLetterStoreConfig,
  { log, outbound }: Pick<LetterDeps, 'log' | 'outbound'>,
): LetterStore {
  switch (config.kind) {
    case 'file':
      return new LetterFile({ path: config.path, maxBytes: config.maxBytes, log });
    case 'topic':
      return new LetterTopic({
        topic: config.name,
        producer: openProducer(config.cluster.reveal(), outbound),
      });
  }
}
