// monitoring/dashboard.json, as far as the tests look at it.

import { readFileSync } from 'node:fs';

export interface Panel {
  readonly type: string;
  readonly id: number;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly label: string;
  readonly query: unknown;
  readonly datasource?: { readonly uid: string };
  readonly multi: boolean;
  readonly allValue?: string;
  readonly refresh: number;
}

export const DASHBOARD = JSON.parse(readFileSync('monitoring/dashboard.json', 'utf8')) as {
  readonly uid: string;
  readonly title: string;
  readonly editable: boolean;
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
};

/** All but the headings of the rows. */
export const PANELS = DASHBOARD.panels.filter(({ type }) => type !== 'row');

/** Every expression, with values for what Grafana puts in. */
export const EXPRESSIONS = PANELS.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({
    title,
    expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$job', '.+').replaceAll('$instance', '.+'),
  })),
);
