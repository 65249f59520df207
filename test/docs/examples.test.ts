// Every configuration in examples/ is one that `check` has nothing to say about.

import { expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectors } from '../../connectors/registry.js';
import { findingText } from '../../src/config/finding.js';
import { loadConfig } from '../../src/config/load.js';

const FOLDER = join(import.meta.dirname, '..', '..', 'examples');
const configurations = readdirSync(FOLDER).filter((name) => /(?<!\.test)\.yaml$/.test(name));

test.each(configurations)('%s has no finding', (name) => {
  const text = readFileSync(join(FOLDER, name), 'utf8');
  const loaded = loadConfig({ name, text }, connectors, { kind: 'offline' });
  expect(loaded.findings.map(findingText)).toEqual([]);
});

test('there is one for each of the services that people ask about', () => {
  for (const service of ['confluent-cloud', 'amazon-msk', 'azure-event-hubs', 'redpanda', 'postgres', 'rest'])
    expect(configurations).toContain(`${service}.yaml`);
});

test('the first configuration in docs/sources/kafka.md has no finding', () => {
  const page = readFileSync(join(FOLDER, '..', 'docs', 'sources', 'kafka.md'), 'utf8');
  const text = /```yaml\n([^]*?)```/.exec(page)?.[1] ?? '';
  const loaded = loadConfig({ name: 'kafka.md', text }, connectors, { kind: 'offline' });
  expect([loaded.findings.map(findingText), loaded.config?.sources.length]).toEqual([[], 1]);
});

test.each(['kafka.md', 'postgres.md', 'rest.md'])(
  'docs/sources/%s links to nothing that is missing',
  (name) => {
    const folder = join(FOLDER, '..', 'docs', 'sources');
    const page = readFileSync(join(folder, name), 'utf8');
    const targets = [...page.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map((match) => match[1] ?? '');
    expect(targets.filter((target) => !target.includes('://') && !existsSync(join(folder, target)))).toEqual(
      [],
    );
  },
);
