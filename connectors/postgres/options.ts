// The options of a Postgres source: their schema, which is also their documentation, and which of them can change without anything
// being read anew. Those about access are in access-options.ts, and what they mean in access.ts.

import type { TableOption } from './catalog/selection.js';
import { ACCESS_OPTIONS, type AccessOptions } from './connection/access-options.js';
import { accessSettings } from './connection/access.js';

/** As written in the configuration, defaults filled in. */
export interface PostgresOptions extends AccessOptions {
  readonly publication?: string;
  readonly tables?: readonly TableOption[];
  readonly slot?: SlotOptions | undefined;
  readonly walBudget?: string | number;
  readonly toastMemory?: string | number;
}

export interface SlotOptions {
  readonly name: string;
  readonly failover?: boolean;
}

const SIZE = {
  anyOf: [
    { type: 'string', pattern: '^[1-9][0-9]{0,5}(KiB|MiB|GiB)$' },
    { type: 'integer', minimum: 1024 },
  ],
  mustBe: 'a size, such as 64MiB, 1GiB or a number of bytes',
};
const TABLE_NAME = {
  type: 'string',
  pattern: '^[^.]+\\.[^.]+$',
  mustBe: 'the name of a table with its schema, such as public.orders',
};

/** JSON Schema 2020-12. */
export const POSTGRES_OPTIONS = {
  description:
    'Tables of a Postgres database (13 or later), by logical replication: their rows as they are, then each committed change.',
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    url: ACCESS_OPTIONS.url,
    user: ACCESS_OPTIONS.user,
    password: ACCESS_OPTIONS.password,
    publication: {
      description: 'Publication whose tables are read.',
      type: 'string',
      minLength: 1,
      maxLength: 63,
      default: 'tailrace',
    },
    tables: {
      description: 'Tables to read, of those that the publication publishes. Left out: all of them.',
      type: 'array',
      minItems: 1,
      items: {
        anyOf: [
          TABLE_NAME,
          {
            type: 'object',
            additionalProperties: false,
            required: ['table'],
            properties: {
              table: { ...TABLE_NAME, description: 'Name with its schema, such as `public.orders`.' },
              columns: {
                description:
                  'Columns that make up the value, of those that are published. The key is read in any case. Left out: all of them.',
                type: 'array',
                minItems: 1,
                items: { type: 'string', minLength: 1 },
              },
              where: {
                description:
                  'Row filter that the publication must have for this table. It is the publication that filters; this only makes sure, before anything is read, that it is this filter.',
                type: 'string',
                minLength: 1,
                examples: ["region = 'eu'"],
              },
            },
          },
        ],
      },
      examples: [['public.orders', { table: 'public.customers', columns: ['id', 'name'] }]],
    },
    tls: ACCESS_OPTIONS.tls,
    slot: {
      description:
        'A replication slot that stays on the server, so that a lost connection or a restart of the server goes on where it was. Left out: a temporary one, of which the server keeps nothing once the connection has ended; all rows are then read anew.',
      type: 'object',
      additionalProperties: false,
      required: ['name'],
      properties: {
        name: {
          description:
            'Its name, for this source alone. It is made when the source starts; take it away with the source: `SELECT pg_drop_replication_slot(...)`.',
          type: 'string',
          pattern: '^[a-z0-9_]{1,63}$',
          mustBe: 'the name of a slot: at most 63 lower-case letters, digits and "_"',
        },
        failover: {
          description:
            'Whether standbys keep a copy, so that reading goes on after one was promoted (Postgres 17 or later, with `sync_replication_slots` on the standby).',
          type: 'boolean',
          default: false,
        },
      },
    },
    walBudget: {
      ...SIZE,
      description:
        'How much WAL the server may come to keep for this source before that is an alarm: a warning is logged from half of it on. `max_slot_wal_keep_size` of the server counts instead where it is less.',
      default: '1GiB',
    },
    toastMemory: {
      ...SIZE,
      description:
        'How much memory may hold large values (beyond about 2 kB, stored out of line), which Postgres leaves out of updates that did not change them. What does not fit is asked of the database again when needed.',
      default: '64MiB',
    },
    connectTimeout: ACCESS_OPTIONS.connectTimeout,
  },
} as const;

/** Whether `after` asks for the same records as `before`: only access, memory and alarms differ, which can be adopted. */
export function asksForSameRecords(before: PostgresOptions, after: PostgresOptions): boolean {
  const what = (options: PostgresOptions): string => {
    const { publication = 'tailrace', tables, slot } = options;
    const { database } = accessSettings(options);
    return JSON.stringify([database, publication, tables?.map(tableAsked), slotAsked(slot)]);
  };
  return what(before) === what(after);
}

function tableAsked(written: TableOption): unknown[] {
  if (typeof written === 'string') return [written];
  return [written.table, written.columns, written.where];
}

function slotAsked(slot: SlotOptions | undefined): unknown[] | undefined {
  return slot && [slot.name, slot.failover ?? false];
}
