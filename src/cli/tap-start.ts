// Where a tap begins to read. The contract of connectors has no word for that; those that let a configuration say it have the
// option `start`, as Kafka has, and others are read from their beginning.

import type { Ms } from '../topic/update.js';

/** `live`: only what comes from now on. */
export type TapStart = 'live' | 'earliest' | { readonly agoMs: Ms };

/** The options to create the source with; undefined: its type cannot begin there. */
export function optionsFrom(
  start: TapStart,
  options: Readonly<Record<string, unknown>>,
  schema: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  const word = wordOf(start);
  if (takes(schema, word)) return { ...options, start: word };
  return start === 'earliest' ? options : undefined;
}

function wordOf(start: TapStart): string {
  if (start === 'live') return 'latest';
  return start === 'earliest' ? start : `${start.agoMs}ms`;
}

/** Whether the schema has a property `start` that this text fits. */
function takes(schema: Readonly<Record<string, unknown>>, word: string): boolean {
  const { start } = (schema['properties'] ?? {}) as Readonly<Record<string, StartSchema | undefined>>;
  if (start === undefined) return false;
  if (start.enum !== undefined) return start.enum.includes(word);
  return start.type === 'string' && new RegExp(start.pattern ?? '', 'u').test(word);
}

interface StartSchema {
  readonly type?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
}
