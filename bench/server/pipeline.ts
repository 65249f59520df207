// The whole product as a user starts it: from a configuration text to a running pipeline that reads a real broker.

import { connectors } from '../../connectors/registry.js';
import { systemClock } from '../../src/clock.js';
import { loadConfig } from '../../src/config/load.js';
import { startPipeline, type RunningPipeline } from '../../src/pipeline.js';
import { createLog } from '../../src/telemetry/logger.js';
import { MAPPING } from './ingest-cost.js';

/** Everybody may see everything; all else is as it is by default. Resolves when both ports listen. */
export function startTailrace(brokers: readonly string[], topic: string): Promise<RunningPipeline> {
  const text = JSON.stringify({
    listen: { host: '127.0.0.1', port: 0 },
    admin: { port: 0 },
    auth: 'none',
    sources: [{ name: 'bench', kafka: { brokers, topics: [topic] }, map: MAPPING }],
    entitlements: [{ allow: 'everyone', paths: ['**'] }],
  });
  const surroundings = { kind: 'online', env: {}, readFile: () => '' } as const;
  const { config, findings } = loadConfig({ name: 'bench', text }, connectors, surroundings);
  if (config === undefined) throw new Error(JSON.stringify(findings));
  const log = createLog({ level: 'error', style: 'text' });
  return startPipeline(config, { clock: systemClock, log, signal: new AbortController().signal });
}
