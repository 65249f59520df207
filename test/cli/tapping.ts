// `tailrace tap` of a source that a test scripts: its configuration, seven records of which each comes to something else, and the verb.

import type { ProgramContext } from '../../src/cli/program.js';
import { filesWith, tailrace, type Captured } from './command.js';
import { record, recordsOf, scripted, type Script } from './scripted-connector.js';

/** One source, `orders`. */
export const CONFIG = `listen: { host: 127.0.0.1 }
outbound: { allow: [loopback] }
auth: none
sources:
  - name: orders
    scripted: {}
    map:
      - path: orders/{value.account}/{key}
        when: value.kind == 'order'
        deleteWhen: has(value.gone)
        value: { omit: [/kind] }
entitlements: [{ allow: everyone, paths: ['**'] }]
`;

/** The value of a record that the rule takes. */
export const order = (more: object) => JSON.stringify({ kind: 'order', account: 7, ...more });

/** Mapped, deleted, deleted, filtered, and three that are rejected. */
export const SEVEN = recordsOf([
  record('1', order({ total: 5 })),
  record('2', order({ gone: true })),
  record('3', null),
  record('4', '{"kind":"other"}'),
  record('5', '{"kind":"order"}'),
  record('6', '{"kind":"order",}'),
  record(null, null),
]);

/** To its end. `config` in place of {@link CONFIG}. */
export function tap(
  script: Script,
  argv: readonly string[] = [],
  more: Partial<ProgramContext> & { config?: string } = {},
): Promise<Captured> {
  const { config = CONFIG, ...override } = more;
  const { file = '' } = filesWith({ file: config });
  const connectors = () => Promise.resolve([scripted(script).type]);
  return tailrace(['tap', '-c', file, ...argv], { connectors, ...override });
}

/** Without the newline after the last. */
export const lines = (text: string) => text.split('\n').slice(0, -1);
