// Short ways to rehearse in tests: a configuration and a test file as text, and what came of it.

import { connectors } from '../../connectors/registry.js';
import { loadConfig } from '../../src/config/load.js';
import { findingText } from '../../src/config/finding.js';
import { rehearse } from '../../src/rehearsal/rehearsal.js';
import { stageOf, type Stage } from '../../src/rehearsal/stage.js';
import { readTestFile } from '../../src/rehearsal/test-file.js';
import { failureText } from '../../src/rehearsal/verdict-text.js';
import { failuresOf } from '../../src/rehearsal/verdict.js';

export const JWT = 'jwt: { secret: { env: TOKEN_SECRET }, issuer: https://idp.example, audience: tailrace }';

/** The configuration of EXPERIENCE's example, with what may be put in its place. */
export function config({
  auth = `{ ${JWT} }`,
  source = '',
  map = '',
  hide = 'hide: [/margin]',
} = {}): string {
  return `auth: ${auth}
sources:
  - name: orders
    kafka: { brokers: [kafka:9092], topics: [orders] }
    format: { key: json }
    ${source}
    map:
      - { path: "orders/{key.account_id}/{key.id}" ${map} }
entitlements:
  - { allow: [trader], paths: [orders/**] }
  - { allow: [customer], paths: ["orders/{claims.account}/**"], ${hide} }
  - { deny: [suspended], paths: ["**"] }
`;
}

export function staged(text: string): Stage {
  const loaded = loadConfig({ name: 'tailrace.yaml', text }, connectors, { kind: 'offline' });
  if (loaded.config === undefined) throw new Error(loaded.findings.map(findingText).join('\n'));
  return stageOf(loaded.config, loaded.document);
}

/** One line per finding: `unknown-key 4:5 message (suggestion)`. */
export function findingsOf(tests: string, stage: Stage = staged(config())): string[] {
  const { findings } = readTestFile({ name: 'a.test.yaml', text: tests }, stage);
  return findings.map(({ code, line, column, message, suggestion }) => {
    return `${code} ${line}:${column} ${message}${suggestion === undefined ? '' : ` (${suggestion})`}`;
  });
}

/** Names of the tests that pass, and the text of those that fail. */
export function run(tests: string, stage: Stage = staged(config())): string[] {
  const { tests: cases, findings } = readTestFile({ name: 'a.test.yaml', text: tests }, stage);
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(findingText).join('\n'));
  return cases.map((test) => {
    const rehearsed = rehearse(
      stage,
      test.given,
      test.sights.map(({ viewer }) => viewer),
    );
    const failures = failuresOf(test, rehearsed, stage);
    return failures.length === 0 ? test.name : failureText(test, failures);
  });
}

/** One test, `ok` if it passes: records and expectations as they are written in a list. */
export function verdictOn(given: string, expect: string, stage?: Stage): string {
  const tests = `tests:\n  - name: ok\n    given: [${given}]\n    expect:\n${expect.replaceAll(/^ *-/gm, '      -')}\n`;
  return run(tests, stage).join('\n');
}
