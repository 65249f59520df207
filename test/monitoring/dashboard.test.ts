// What a Grafana dashboard needs to work in somebody else's Grafana, after the rules of Grafana's own dashboard-linter, and that it
// asks for metrics that there are.

import { describe, expect, test } from '@jest/globals';

import { DASHBOARD, EXPRESSIONS, PANELS } from './dashboard.js';
import { isCounter, selectorsOf, unknownIn } from './expressions.js';

const variable = (name: string) => DASHBOARD.templating.list.find((each) => each.name === name);

describe('the dashboard', () => {
  test('has a row for each thing that an operator asks', () => {
    const rows = DASHBOARD.panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(rows).toEqual([
      'Promise',
      'Sources',
      'Cache and views',
      'Fan-out',
      'Sessions',
      'Security',
      'Process',
    ]);
  });

  test('is not edited in Grafana, where the next release would overwrite it', () => {
    expect(DASHBOARD.editable).toBe(false);
  });

  test('lets the source of data be chosen', () => {
    expect(variable('datasource')).toMatchObject({
      type: 'datasource',
      query: 'prometheus',
      label: 'Data source',
    });
  });

  test.each(['job', 'instance'])(
    'lets several or all be chosen of %s, as of the time that is shown',
    (name) => {
      const label = name === 'job' ? 'Job' : 'Instance';
      expect(variable(name)).toMatchObject({ type: 'query', label, multi: true, allValue: '.+', refresh: 2 });
      expect(variable(name)?.datasource?.uid).toBe('${datasource}');
    },
  );

  test('has panels with numbers and places of their own', () => {
    expect(new Set(DASHBOARD.panels.map(({ id }) => id)).size).toBe(DASHBOARD.panels.length);
    const taken = new Set<string>();
    for (const {
      gridPos: { x, y, w, h },
    } of DASHBOARD.panels) {
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++) {
        for (let line = y; line < y + h; line++) {
          expect(taken.has(`${column} ${line}`)).toBe(false);
          taken.add(`${column} ${line}`);
        }
      }
    }
  });
});

describe.each(PANELS)(
  'the panel "$title"',
  ({ title, description, fieldConfig, datasource, targets = [] }) => {
    test('says what it shows and in which unit, from the chosen source', () => {
      expect(title).toMatch(/^\S.*\S$/);
      expect(description).toMatch(/^[A-Z0-9].*[.]$/);
      expect(['s', 'short', 'cps', 'Bps', 'bytes', 'percentunit']).toContain(fieldConfig?.defaults.unit);
      expect(datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
      expect(targets.length).toBeGreaterThan(0);
      for (const target of targets) expect(target.datasource.uid).toBe('${datasource}');
    });

    test('asks for metrics and labels that there are', () => {
      expect(targets.flatMap(({ expr }) => unknownIn(expr))).toEqual([]);
    });

    test('asks for the chosen jobs and instances only', () => {
      for (const { expr } of targets) {
        const selectors = selectorsOf(expr);
        expect(selectors.length).toBeGreaterThan(0);
        for (const { text } of selectors) expect(text).toContain('job=~"$job", instance=~"$instance"');
      }
    });

    test('shows of a counter its rate, over the time that Grafana finds right', () => {
      for (const { expr } of targets) {
        for (const { text, metric } of selectorsOf(expr)) {
          expect([metric, expr.includes(`rate(${text}[$__rate_interval])`)]).toEqual([
            metric,
            isCounter(metric),
          ]);
        }
      }
    });
  },
);

test('no query is made twice under two titles', () => {
  const made = EXPRESSIONS.map(({ expr }) => expr);
  expect(made.filter((expr, index) => made.indexOf(expr) !== index)).toEqual([]);
});
