// The options of a Postgres source: their schema, which is also their documentation. What the part about access means is in access.ts.

/** As written in the configuration, defaults filled in. */
export interface PostgresOptions extends AccessOptions {
  readonly publication?: string;
  readonly tables?: readonly (string | TableOptions)[];
  readonly slot?: SlotOptions | undefined;
  readonly walBudget?: string | number;
  readonly toastMemory?: string | number;
}

/** Where the database is and who asks. */
export interface AccessOptions {
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  readonly tls?: boolean | TlsOptions;
  readonly connectTimeout?: string;
}

/** PEM texts. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly verify?: boolean;
}

export interface TableOptions {
  /** `schema.table`. */
  readonly table: string;
  readonly columns?: readonly string[];
  readonly where?: string;
}

export interface SlotOptions {
  readonly name: string;
  readonly failover?: boolean;
}

const MIB = 1024 * 1024;
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

const TLS = {
  description:
    'true: TLS with the authorities that the system trusts; an object: PEM texts and the name to expect; false: none. Left out: as `sslmode` in `url` says (`require`, `verify-ca` and `verify-full` all verify, `disable` is none), and none where that says nothing.',
  oneOf: [
    { type: 'boolean' },
    {
      type: 'object',
      additionalProperties: false,
      dependentRequired: { cert: ['key'], key: ['cert'] },
      properties: {
        ca: {
          description: 'Authorities to trust, PEM. Left out: those of the system.',
          type: 'string',
          examples: [{ file: '/etc/tailrace/postgres-ca.pem' }],
        },
        cert: {
          description: 'Client certificate with its chain, PEM, for a server that asks for one.',
          type: 'string',
          examples: [{ file: '/etc/tailrace/client.pem' }],
        },
        key: {
          description: 'Private key of the client certificate, PEM, without a passphrase.',
          type: 'string',
          writeOnly: true,
          examples: [{ file: '/etc/tailrace/client.key' }],
        },
        servername: {
          description: 'Name that the certificate must be for. Left out: the host.',
          type: 'string',
        },
        verify: {
          description:
            'false: takes any certificate, so that nobody can listen but everybody can pretend to be the server. For servers whose authority cannot be had.',
          type: 'boolean',
          default: true,
        },
      },
    },
  ],
};

/** JSON Schema 2020-12. */
export const POSTGRES_OPTIONS = {
  description:
    'Tables of a Postgres database (13 or later), by logical replication: their rows as they are, then each committed change.',
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    url: {
      description:
        'Where the database is: `postgres://user:password@host:5432/database?sslmode=require`. Several hosts with commas between them: the first one that is no standby. It must lead to the server itself: poolers do not pass replication on.',
      type: 'string',
      pattern: '^postgres(ql)?://',
      mustBe: 'a URL such as postgres://tailrace@db.internal:5432/shop',
      writeOnly: true,
      // No password before the host, and none among the parameters
      harmless: '^postgres(ql)?://([^/?#:@]*@)?[^/?#@]*(/[^?#@]*)?(\\?(?!.*password)[^#@]*)?$',
      examples: [{ env: 'DATABASE_URL' }, 'postgres://tailrace@db-1:5432,db-2:5432/shop?sslmode=require'],
    },
    user: {
      description:
        'Role to log in with. Left out: that of `url`. It needs REPLICATION and SELECT on the tables.',
      type: 'string',
      minLength: 1,
    },
    password: {
      description:
        'Password. Left out: that of `url`. Never in the file itself. A file that changes is taken up with the next connection.',
      type: 'string',
      minLength: 1,
      writeOnly: true,
      examples: [{ file: '/run/secrets/postgres-password' }, { env: 'PGPASSWORD' }],
    },
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
    tls: TLS,
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
    connectTimeout: {
      description: 'How long connecting and logging in may take, per host.',
      type: 'string',
      pattern: '^([1-9][0-9]{2,5}ms|[1-9][0-9]{0,2}s|[1-9]m|10m)$',
      mustBe: 'a duration from 100ms to 10m',
      default: '10s',
    },
  },
} as const;

/** Bytes of a size as the schema takes it. */
export function sizeBytes(written: string | number): number {
  if (typeof written === 'number') return written;
  const [, count, unit] = /^([0-9]+)(KiB|MiB|GiB)$/.exec(written) ?? [];
  if (count === undefined) throw new RangeError(`not a size: ${written}`);
  const factor = unit === 'GiB' ? 1024 * MIB : unit === 'MiB' ? MIB : 1024;
  return Number(count) * factor;
}
