// Mistakes in mapping rules as `tailrace check` tells them: the line, the column within it, and what to do.

import { expect, test } from '@jest/globals';
import { findingText } from '../../src/config/finding.js';
import { offline, yaml } from './loading.js';

const source = (name: string, topic: string, rule: string) =>
  `  - name: ${name}\n    stream: { hosts: [a:1], topics: [${topic}] }\n    map:\n${rule}`;
const SEES_ALL = 'entitlements: [{ allow: [trader], paths: ["**"] }]';

function findings(...sources: readonly string[]): string[] {
  const text = yaml({ top: '', sources: `sources:\n${sources.join('\n')}`, entitlements: SEES_ALL });
  return offline(text).findings.map(findingText);
}

test('of set and each, with line and column', () => {
  const rule = `      - path: orders/{item.id}/{nope}
        each: /items
        when: item.quantity >
        value:
          set:
            /total: item.price * 2
            mid: "1"
`;
  const told = findings(source('orders', 'orders', rule)).join('\n');
  expect(told).toMatch(/tailrace\.yaml:7:\d+.*path: "nope" is no part of a record.*item, index/);
  expect(told).toMatch(/tailrace\.yaml:9:\d+.*when: /);
  expect(told).toMatch(/tailrace\.yaml:12:\d+.*value\.set\.\/total: .*write 2\.0 for 2/);
  expect(told).toMatch(/tailrace\.yaml:13:\d+.*value\.set\.mid: .*does not start with "\/"/);
});

test('of forms', () => {
  const rule = '      - { path: a, each: items, value: { set: { /a: 7 } } }\n';
  const told = findings(source('orders', 'orders', rule)).join('\n');
  expect(told).toContain('a JSON pointer to an array, such as /items, or "" for the value itself');
  expect(told).toMatch(/set.*\/a/);
});

test('an element in a path can meet the paths of another source', () => {
  const told = findings(
    source('orders', 'orders', '      - { path: "x/{item.id}", each: /items }\n'),
    source('others', 'others', '      - { path: "x/{key}" }\n'),
  ).join('\n');
  expect(told).toContain('could both make a path that matches');
});

test('a key is no event', () => {
  const text = `  - name: a\n    stream: { hosts: [a:1], topics: [t] }\n    format: { key: cloudevents, value: cloudevents }\n    map: [{ path: a }]`;
  expect(findings(text).join('\n')).toMatch(/format\.key/);
});
