// Resolves `schemaRegistry` of a source: where the schemas are that its records name, and whether its formats need them.

import type { SchemaRegistryConfig, SourceFormat } from './config.js';
import type { Problem } from './finding.js';
import type { JsonSchema } from './schemas.js';
import { Secret } from './secret.js';
import { readerSchemaFault } from '../decode/registry/known-schemas.js';
import { isUnknown } from './interpolation.js';
import type { CheckedPlace } from './schema-check.js';
import { DURATION_PATTERN, parseDuration } from '../units.js';

const readerSchema = (part: string): JsonSchema => ({
  type: 'string',
  minLength: 1,
  description: `Avro schema that ${part} are read as, whichever schema wrote them: the schema itself, or a version in the registry as \`SUBJECT@latest\` or \`SUBJECT@3\`.`,
  examples: ['quotes-value@latest', { file: './quote.avsc' }],
});

export const SCHEMA_REGISTRY_SCHEMA: JsonSchema = {
  type: 'object',
  description:
    'Registry that speaks Confluent’s API, for the formats `avro`, `json-schema` and `protobuf`, and for `cloudevents` and `debezium` documents of those. While it cannot be reached, records of schemas that are not known yet wait.',
  additionalProperties: false,
  required: ['url'],
  dependentRequired: { username: ['password'], password: ['username'] },
  properties: {
    url: {
      type: 'string',
      pattern: '^https?://[^\\s/?#@]+(/[^\\s?#]*)?$',
      mustBe: 'a URL that begins with https:// or http://, without a user name in it',
      description: 'Address of the registry, with its base path if it has one.',
      examples: ['https://registry.example', 'http://apicurio:8080/apis/ccompat/v7'],
    },
    username: {
      type: 'string',
      minLength: 1,
      description: 'User name (Confluent Cloud: the API key).',
      examples: ['tailrace'],
    },
    password: {
      type: 'string',
      minLength: 1,
      writeOnly: true,
      description: 'Password (Confluent Cloud: the API secret). Never in the file itself.',
      examples: [{ env: 'REGISTRY_PASSWORD' }],
    },
    ca: {
      type: 'string',
      minLength: 1,
      description: 'Authorities to trust, PEM.',
      reason: 'Left out: those of the system.',
      examples: [{ file: '/etc/tailrace/registry-ca.pem' }],
    },
    timeout: {
      type: ['string', 'number'],
      unit: 'duration',
      pattern: DURATION_PATTERN,
      default: '10s',
      description: 'How long the registry may take to answer until it is asked again.',
      reason: 'A registry that starts up needs seconds.',
    },
    readerSchema: {
      type: 'object',
      description:
        'With `avro`: one schema that all records are read as, so that fields which older records lack have their default. Left out: each record has the fields that it was written with.',
      additionalProperties: false,
      minProperties: 1,
      properties: { key: readerSchema('keys'), value: readerSchema('values') },
    },
  },
};

/** What {@link SCHEMA_REGISTRY_SCHEMA} lets through, defaults filled in. */
export interface WrittenSchemaRegistry {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly ca?: string;
  readonly timeout: unknown;
  readonly readerSchema?: SchemaRegistryConfig['readerSchema'];
}

export function resolveSchemaRegistry({
  url,
  username,
  password,
  ca,
  timeout,
  readerSchema = {},
}: WrittenSchemaRegistry): SchemaRegistryConfig {
  const hasLogin = username !== undefined && password !== undefined;
  return {
    url,
    login: hasLogin ? { username, password: new Secret(password) } : undefined,
    ca,
    timeoutMs: parseDuration(timeout) ?? 0,
    readerSchema,
  };
}

/** `format` and `registry` have the right form. */
export function schemaRegistryProblems(
  format: SourceFormat,
  registry: WrittenSchemaRegistry | undefined,
  { path, where, interpolated }: CheckedPlace,
): Problem[] {
  return PARTS.flatMap((part): Problem[] => {
    const name = format[part];
    if (registry === undefined) {
      if (!NEED_SCHEMAS.has(name)) return [];
      const message = `${where}.format.${part} is ${name}, whose schemas are in a registry; add schemaRegistry: { url: ... }`;
      return [{ severity: 'error', code: 'schema-registry', path: [...path, 'format', part], message }];
    }
    const reader = registry.readerSchema?.[part];
    if (reader === undefined) return [];
    const at = [...path, 'schemaRegistry', 'readerSchema', part];
    if (!READ_AS.has(name)) {
      const message = `${where}.format.${part} is ${name}; only avro is read by a schema other than the writer's`;
      return [{ severity: 'error', code: 'schema-registry', path: at, part: 'key', message }];
    }
    const fault = isUnknown(interpolated, at) ? undefined : readerSchemaFault(reader);
    if (fault === undefined) return [];
    const message = `${where}.schemaRegistry.readerSchema.${part} is neither SUBJECT@latest nor an Avro schema: ${fault}`;
    return [{ severity: 'error', code: 'schema-registry', path: at, message }];
  });
}

const PARTS = ['key', 'value'] as const;
const NEED_SCHEMAS: ReadonlySet<string> = new Set(['avro', 'json-schema', 'protobuf']);
const READ_AS: ReadonlySet<string> = new Set(['avro', 'cloudevents', 'debezium']);
