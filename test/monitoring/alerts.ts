// monitoring/alerts.yaml and its test file, as data.

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly AlertRule[] }[];
}

interface RuleTests {
  readonly tests: readonly {
    readonly name: string;
    readonly alert_rule_test: readonly {
      readonly alertname: string;
      readonly exp_alerts: readonly unknown[];
    }[];
  }[];
}

export const ALERTS = (parse(readFileSync('monitoring/alerts.yaml', 'utf8')) as RuleFile).groups.flatMap(
  ({ rules }) => rules,
);

/** Of each case: which alert it is about, and whether that fires. */
export const ALERT_CASES = (
  parse(readFileSync('monitoring/alerts.test.yaml', 'utf8')) as RuleTests
).tests.flatMap(({ alert_rule_test: checks }) =>
  checks.map(({ alertname, exp_alerts: expected }) => ({ alertname, fires: expected.length > 0 })),
);
