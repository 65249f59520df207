// The lists of a configuration and the blocks that may be absent, as JSON Schema 2020-12: what is validated, what
// docs/config.md is written from, and what editors are given. Scalars that always exist are in options.ts. Beside the
// standard's keywords: `reason` (why the default), `unit: duration`, and `mustBe` (the sentence for a value that does not fit).

import { FORMATS, HMAC_ALGORITHMS, PUBLIC_KEY_ALGORITHMS } from './config.js';
import { DEAD_LETTERS_SCHEMA } from './dead-letters.js';
import { SCHEMA_REGISTRY_SCHEMA } from './schema-registry.js';
import { DURATION_PATTERN } from '../units.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Schemas of what stands within a value, in any of its forms. */
export function schemasBelow(schema: JsonSchema): JsonSchema[] {
  const { properties = {}, items, anyOf = [], oneOf = [] } = schema as SchemaParts;
  return [...Object.values(properties), ...anyOf, ...oneOf, ...(items === undefined ? [] : [items])];
}

/** What a schema says about one member of a value; of its forms, the first that says anything. Empty: nothing. */
export function schemaOfMember(schema: JsonSchema, step: string | number): JsonSchema {
  const { properties = {}, items, anyOf = [], oneOf = [] } = schema as SchemaParts;
  const own = typeof step === 'number' ? items : properties[step];
  const forms = [...anyOf, ...oneOf].map((form) => schemaOfMember(form, step));
  return own ?? forms.find((form) => Object.keys(form).length > 0) ?? {};
}

interface SchemaParts {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

const text = { type: 'string', minLength: 1 };
const pointer = {
  type: 'string',
  pattern: '^(/([^~/]|~[01])*)+$',
  mustBe: 'a JSON pointer, such as /internal or /prices/0',
};
const pointers = { type: 'array', items: pointer, minItems: 1, uniqueItems: true };
const roles = {
  type: 'array',
  items: text,
  minItems: 1,
  uniqueItems: true,
  mustBe: 'a list of roles, such as [guest]',
};
const duration = { type: ['string', 'number'], unit: 'duration', pattern: DURATION_PATTERN };
const rolesOrEveryone = (description: string) => ({
  description,
  anyOf: [{ const: 'everyone' }, roles],
  mustBe: 'a list of roles, such as [trader], or the word everyone',
  examples: [['trader'], 'everyone'],
});

const JWT_SCHEMA: JsonSchema = {
  type: 'object',
  description:
    'Sessions present a signed token: in their `auth` message, or in the `Authorization` header of the upgrade.',
  additionalProperties: false,
  required: ['issuer', 'audience'],
  properties: {
    secret: {
      ...text,
      writeOnly: true,
      description:
        'Secret of at least 32 bytes that signs and verifies (HS256, HS384, HS512). Never in the file itself.',
      examples: [{ env: 'TOKEN_SECRET' }, { file: '/run/secrets/token' }],
    },
    jwksUrl: {
      ...text,
      pattern: '^https?://[^\\s]+$',
      mustBe: 'a URL that begins with https://',
      description: 'Where the issuer publishes its public keys. Fetched when needed and cached.',
      examples: ['https://idp.example/.well-known/jwks.json'],
    },
    publicKey: {
      ...text,
      description: 'The issuer’s public key, as PEM that begins with `-----BEGIN PUBLIC KEY-----`.',
      examples: [{ file: '/etc/tailrace/issuer.pem' }],
    },
    algorithms: {
      type: 'array',
      items: { enum: [...HMAC_ALGORITHMS, ...PUBLIC_KEY_ALGORITHMS] },
      minItems: 1,
      uniqueItems: true,
      description: 'Signature algorithms that are accepted; all of the kind that the key verifies.',
      reason:
        'Left out: HS256 with `secret`; RS256, PS256, ES256 and EdDSA with `jwksUrl`; what the key can do with `publicKey`.',
      examples: [['ES256']],
    },
    issuer: {
      ...text,
      description: 'Value that the claim `iss` must have.',
      examples: ['https://idp.example'],
    },
    audience: {
      ...text,
      description: 'Value that the claim `aud` must have, or hold.',
      examples: ['tailrace'],
    },
    roles: {
      ...text,
      default: 'roles',
      description: 'Name of the claim that lists the roles of the session (a list, or one role as text).',
      reason: 'The name that most issuers can be told to use.',
    },
    leeway: {
      ...duration,
      default: '5s',
      description: 'How far the clocks of the issuer and this machine may differ.',
      reason: 'Synchronised clocks differ by less.',
    },
    maxAge: {
      ...duration,
      default: '24h',
      description: 'Tokens issued longer ago are refused even if they have not expired.',
      reason: 'A token that leaks should not work for ever.',
    },
  },
};

export const AUTH_SCHEMA: JsonSchema = {
  type: 'object',
  description:
    'Who may connect. Required: either the word `none` (everybody; only while `listen.host` is a loopback address) or `jwt`.',
  additionalProperties: false,
  required: ['jwt'],
  properties: {
    jwt: JWT_SCHEMA,
    anonymous: {
      type: 'object',
      description: 'Lets sessions without a token in as well. Left out: they are refused.',
      additionalProperties: false,
      required: ['roles'],
      properties: {
        roles: { ...roles, description: 'Roles of a session without a token.', examples: [['guest']] },
      },
    },
  },
};

export const MAP_RULE_SCHEMA: JsonSchema = {
  type: 'object',
  description:
    'One way from a record to a path. Every rule that holds for a record gives one path; all of them, or none.',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: {
      ...text,
      description:
        'Path with placeholders over `key`, `value`, `headers`, `topic`, `partition` and `timestamp`, and with `each` over `item` and `index`. A field that is missing rejects the record.',
      examples: ['prices/{value.symbol}/spot'],
    },
    each: {
      type: 'string',
      pattern: '^(/([^~/]|~[01])*)*$',
      mustBe: 'a JSON pointer to an array, such as /items, or "" for the value itself',
      description:
        'Pointer to an array in the value: the rule makes one path of each of its elements, and publishes the element.',
      examples: ['/items'],
    },
    when: {
      ...text,
      description: 'The rule holds only for records of which this is true.',
      examples: ["value.status == 'open'"],
    },
    deleteWhen: {
      ...text,
      description: 'A record of which this is true deletes the path.',
      examples: ['value.cancelled == true'],
    },
    value: {
      type: 'object',
      description:
        'What of the value is kept, and added: `pick`, then `omit`, then `rename`, then `set`. Left out: all of it.',
      additionalProperties: false,
      properties: {
        pick: { ...pointers, description: 'Keep these fields only.', examples: [['/bid', '/ask']] },
        omit: { ...pointers, description: 'Leave these fields out.', examples: [['/internal']] },
        rename: {
          type: 'object',
          additionalProperties: pointer,
          minProperties: 1,
          description: 'Moves fields: from pointer to pointer.',
          examples: [{ '/px': '/price' }],
        },
        set: {
          type: 'object',
          additionalProperties: text,
          minProperties: 1,
          description: 'Computes fields: from pointer to an expression over the record as it came.',
          examples: [{ '/mid': '(value.bid + value.ask) / 2.0' }],
        },
      },
    },
    ignore: {
      ...pointers,
      description: 'A change in these fields alone is no change.',
      examples: [['/measuredAt']],
    },
    deadband: {
      type: 'array',
      minItems: 1,
      description: 'Numbers that must move further than this to count as changed.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['field', 'within'],
        properties: {
          field: { ...pointer, description: 'Pointer to the number.', examples: ['/temperature'] },
          within: {
            type: 'number',
            exclusiveMinimum: 0,
            description: 'Largest difference from the last value sent that is no change.',
            examples: [0.5],
          },
        },
      },
    },
  },
};

const formats =
  '`json`, `string` (UTF-8), `bytes` (base64 in values); `avro`, `json-schema`, `protobuf` (by `schemaRegistry`); `cloudevents`, `debezium`.';

/** Of a source without its connector: the key of that is the connector's type, the schema below it is the connector's own. */
export const SOURCE_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'One upstream, and how its records become values of paths.',
  additionalProperties: false,
  required: ['name', 'map'],
  dependentRequired: { options: ['type'] },
  properties: {
    name: {
      type: 'string',
      pattern: '^[A-Za-z][A-Za-z0-9_-]{0,62}$',
      mustBe: 'a name: a letter, then up to 62 letters, digits, "-" or "_"',
      description: 'Name in logs, metrics and messages.',
      examples: ['quotes'],
    },
    format: {
      type: 'object',
      default: {},
      description: 'What the bytes of records are.',
      additionalProperties: false,
      properties: {
        key: {
          enum: FORMATS.filter((format) => format !== 'cloudevents'),
          default: 'string',
          description: formats,
          reason: 'Most keys are plain text. Of `postgres` the default is `json`.',
        },
        value: {
          enum: FORMATS,
          default: 'json',
          description: formats,
          reason: 'What browsers read.',
        },
      },
    },
    type: {
      ...text,
      description:
        'A connector that is not built in, instead of the key of one that is: a module beside this file, or the name of a package. See [write-your-own.md](sources/write-your-own.md).',
      examples: ['./my-connector.mjs', 'tailrace-connector-example'],
    },
    options: {
      type: 'object',
      description: 'Options of the connector that `type` names, as it describes them.',
      examples: [{ file: './prices.ndjson' }],
    },
    schemaRegistry: SCHEMA_REGISTRY_SCHEMA,
    numbers: {
      enum: ['string', 'reject'],
      default: 'string',
      description:
        'What becomes of integers beyond 2^53 - 1 and of numbers beyond a double: exact text, or the record is rejected.',
      reason: 'A browser would round them without a word.',
    },
    contended: {
      enum: ['last', 'newest', 'reject'],
      default: 'last',
      description:
        'Two keys give one path: the last record wins, the one with the newest timestamp, or the later one is rejected.',
      reason: 'What reading the topic from the beginning would show.',
    },
    expireAfter: {
      type: 'string',
      unit: 'duration',
      pattern: '^[1-9][0-9]*(\\.[0-9]+)? ?(s|m|h|d)$',
      mustBe: 'a duration of at least a second, such as 24h',
      description:
        'A path is deleted when no record has spoken of it for so long, by the time of records. Only while the source is live: an outage deletes nothing.',
      reason: 'Left out: a path stays until its record is deleted upstream.',
      examples: ['24h'],
    },
    maxPaths: {
      type: 'integer',
      minimum: 1,
      description: 'Records that would make more paths than that are rejected; those that there are go on.',
      reason: 'Left out: as many as fit into memory.',
      examples: [100000],
    },
    atomic: {
      type: 'boolean',
      default: false,
      description:
        'Subscribers get a transaction of the source as a whole: they never see half of it. Of `postgres`, and of `rest`, whose polls are its transactions; those of more than 1,000 paths or 1 MiB come in parts that say so.',
      reason: 'Who reads one value at a time need not wait for the others. Of `rest` the default is `true`.',
    },
    deadLetters: DEAD_LETTERS_SCHEMA,
    map: {
      type: 'array',
      items: MAP_RULE_SCHEMA,
      minItems: 1,
      description: 'Rules from a record to paths; see below.',
    },
  },
};

export const ENTITLEMENT_SCHEMA: JsonSchema = {
  type: 'object',
  description:
    'Who sees what. Nothing is visible unless an `allow` says so; any `deny` that matches wins; the order of rules does not matter.',
  additionalProperties: false,
  required: ['paths'],
  properties: {
    allow: rolesOrEveryone('Sessions with one of these roles see the paths.'),
    deny: rolesOrEveryone('Sessions with one of these roles never see the paths.'),
    paths: {
      type: 'array',
      items: text,
      minItems: 1,
      description:
        '`*` is one segment, `**` at the end any number; `{claims.x}` is the value of a claim as one segment; of a list one element, the same wherever the claim stands in the path.',
      examples: [['orders/{claims.account}/**']],
    },
    hide: {
      ...pointers,
      description:
        'Fields that are left out of the values. A field is hidden if every rule that allows the path hides it.',
      examples: [['/margin']],
    },
    claims: {
      type: 'object',
      minProperties: 1,
      description: 'The rule holds only if each of these claims has this value, or one of these.',
      examples: [{ region: ['EU', 'UK'] }],
      additionalProperties: {
        anyOf: [
          { type: ['string', 'number', 'boolean'] },
          { type: 'array', minItems: 1, items: { type: ['string', 'number', 'boolean'] } },
        ],
        mustBe: 'text, a number, true or false, or a list of these',
      },
    },
  },
};
