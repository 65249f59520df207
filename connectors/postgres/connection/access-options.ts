// The options that say where the database is and how to get in: their schema. What they mean is in access.ts.

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

/** JSON Schema of each, for the options of which they are a part. */
export const ACCESS_OPTIONS = {
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
  tls: TLS,
  connectTimeout: {
    description: 'How long connecting and logging in may take, per host.',
    type: 'string',
    pattern: '^([1-9][0-9]{2,5}ms|[1-9][0-9]{0,2}s|[1-9]m|10m)$',
    mustBe: 'a duration from 100ms to 10m',
    default: '10s',
  },
} as const;
