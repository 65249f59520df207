// That whoever an alert wakes finds out what it means, and that it asks for what a scrape has. What fires when is
// monitoring/alerts.test.yaml, which monitoring.tools.test.ts runs.

import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ALERT_CASES, ALERTS } from './alerts.js';
import { unknownIn } from './expressions.js';

const names = [...new Set(ALERTS.map(({ alert }) => alert))];
const runbook = readFileSync('docs/runbook.md', 'utf8');

test('there are alerts for what goes wrong in one process', () => {
  expect(names.map((name) => name.replace('Tailrace', ''))).toEqual([
    ...['Down', 'SourceNotLive', 'SourceLagGrowing', 'RetainedHigh', 'StalePaths', 'DeadLetters'],
    ...['FreshnessBudgetBurn'],
    ...['ManySessionsLagging', 'ReconnectStorm', 'SessionsRefused', 'AuthFailures', 'ConfigReloadFailed'],
    ...['EventLoopBlocked', 'Insecure'],
  ]);
});

describe.each(ALERTS)('the alert $alert', ({ alert, expr, for: holds, labels, annotations }) => {
  test('waits, has a severity, and says in words where to read on', () => {
    expect(holds).toMatch(/^\d+m$/);
    expect(labels).toEqual({ severity: expect.stringMatching(/^(critical|warning)$/) });
    expect(annotations).toEqual({
      summary: expect.any(String),
      description: expect.stringMatching(/\.$/),
      runbook_url: `docs/runbook.md#${alert.toLowerCase()}`,
    });
    expect(annotations['summary']!.length).toBeLessThan(80);
  });

  test('asks for metrics and labels that there are', () => {
    expect(unknownIn(expr)).toEqual([]);
  });

  test('has a case in which it fires and one in which it is silent', () => {
    const cases = ALERT_CASES.filter(({ alertname }) => alertname === alert);
    expect(new Set(cases.map(({ fires }) => fires))).toEqual(new Set([true, false]));
  });
});

describe('the runbook', () => {
  const sections = runbook
    .split(/^## /m)
    .slice(1)
    .map((text) => ({ title: text.split('\n')[0], text }));

  test('has a section for each alert and none for another', () => {
    expect(sections.map(({ title }) => title)).toEqual(names);
  });

  test.each(sections)(
    'says of $title what it means, where to look, why it happens, and what to do',
    ({ text }) => {
      const parts = [...text.matchAll(/^\*\*(\w+)\.\*\*/gm)].map(([, part]) => part);
      expect(parts).toEqual(['Means', 'Look', 'Causes', 'Do']);
    },
  );

  test('names metrics and labels that there are', () => {
    const queries = [...runbook.matchAll(/`([^`]*(?:tailrace_|nodejs_|process_)[^`]*)`/g)].map(
      ([, query = '']) => query,
    );
    expect(queries.length).toBeGreaterThan(20);
    expect(queries.flatMap(unknownIn)).toEqual([]);
  });

  test('names panels that the dashboard has', () => {
    const dashboard = readFileSync('monitoring/dashboard.json', 'utf8');
    const named = [...runbook.matchAll(/(?<!\*)\*([A-Z][^*\n]+)\*(?!\*)/g)].map(([, title]) => title);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((title) => !dashboard.includes(`"title": "${title}"`))).toEqual([]);
  });

  test('names log events that there are', () => {
    const named = [...runbook.matchAll(/`((?:source|record|session|token|jwks|config|auth)-[a-z-]+)`/g)].map(
      ([, event = '']) => event,
    );
    const sources = sourceText();
    expect(new Set(named).size).toBeGreaterThan(8);
    expect(
      named.filter((event) => !sources.includes(`'${event}'`) && !sources.includes(`\`${event}`)),
    ).toEqual([]);
  });
});

/** All of src, since a log event is a text in the middle of it. */
function sourceText(): string {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  return files.map((name) => readFileSync(join('src', name), 'utf8')).join('\n');
}
