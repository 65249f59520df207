// Stops what start-kafka.ts started and removes its data.

import { rm } from 'node:fs/promises';

import type { SharedBroker } from './start-kafka.js';

const place: { tailraceBroker?: SharedBroker } = globalThis as never;

export default async function stopSharedBroker(): Promise<void> {
  const shared = place.tailraceBroker;
  if (shared === undefined) return;
  delete place.tailraceBroker;
  await shared.kafka.kill('SIGKILL');
  await rm(shared.dataDir, { recursive: true, force: true });
}
