// The schema with which editors complete and check a configuration while it is written (schema/tailrace.schema.json): made
// from the definitions that `check` uses, so that it refuses nothing that `check` accepts. It cannot see what takes the whole
// file or the surroundings: limits that contradict, overlaps, templates and conditions.
//
// Draft-07 and not 2020-12: yaml-language-server and VS Code know all of the former and only parts of the latter.

import type { Format } from './format.js';
import { OPTIONS, SECTION_DOCS, type Option } from './options.js';
import { AUTH_SCHEMA, ENTITLEMENT_SCHEMA, SOURCE_SCHEMA, type JsonSchema } from './schemas.js';
import type { ConnectorTypes } from './sources.js';
import { DURATION_PATTERN } from '../units.js';
import { isSecretName } from '../telemetry/scrub.js';

const REFERENCE: JsonSchema = { $ref: '#/definitions/reference' };
const UNITS: Readonly<Record<string, string>> = {
  duration: 'A duration with its unit: 250ms, 30s, 5m, 24h.',
  size: 'Bytes, or a size with its unit: 64KiB, 1MiB, 100MB.',
};
/** Of numbers only 0 is one without a unit. */
const DURATION: JsonSchema = { anyOf: [{ type: 'string', pattern: DURATION_PATTERN }, { const: 0 }] };
/** Keywords that are for `check` and the reference alone. */
const OWN_KEYWORDS = ['reason', 'mustBe', 'unit', 'writeOnly', 'harmless'];

/** The text of the file. */
export function editorSchemaText(types: ConnectorTypes): string {
  return `${JSON.stringify(editorSchema(types), null, 2)}\n`;
}

export function editorSchema(types: ConnectorTypes): JsonSchema {
  const sections = Object.entries<Readonly<Record<string, Option<unknown>>>>(OPTIONS);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Tailrace configuration',
    description: 'See docs/config.md. `tailrace check` finds more than an editor can.',
    type: 'object',
    additionalProperties: false,
    required: ['auth', 'sources'],
    properties: {
      ...Object.fromEntries(sections.map(([name, options]) => [name, fixedSection(name, options)])),
      auth: authSchema(),
      sources: {
        title: 'sources',
        description: 'What is read, and how its records become values of paths.',
        type: 'array',
        minItems: 1,
        items: sourceSchema(types),
      },
      entitlements: {
        title: 'entitlements',
        description: ENTITLEMENT_SCHEMA['description'],
        type: ['array', 'null'],
        items: entitlementSchema(),
      },
    },
    definitions: { reference: referenceSchema() },
  };
}

function referenceSchema(): JsonSchema {
  const name = { type: 'string', minLength: 1 };
  return {
    title: 'a value from elsewhere',
    description: '{ env: NAME } takes it from a variable, { file: PATH } from a file.',
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    properties: {
      env: { ...name, description: 'Name of a variable.' },
      file: { ...name, description: 'Path of a file, relative to the configuration.' },
    },
  };
}

/** A section whose lines are all comments is null. */
function fixedSection(name: string, options: Readonly<Record<string, Option<unknown>>>): JsonSchema {
  return {
    title: name,
    description: SECTION_DOCS[name as keyof typeof SECTION_DOCS],
    type: ['object', 'null'],
    additionalProperties: false,
    properties: Object.fromEntries(
      Object.entries(options).map(([option, definition]) => [
        option,
        forEditors(schemaOfOption(definition), `${name}.${option}`),
      ]),
    ),
  };
}

function schemaOfOption(option: Option<unknown>): JsonSchema {
  const format: Format<unknown> = option.format;
  return {
    description: option.doc,
    reason: option.reason,
    ...(option.default === undefined ? {} : { default: option.default }),
    ...(option.example === undefined ? {} : { examples: [option.example] }),
    ...format.schema,
  };
}

function authSchema(): JsonSchema {
  const { title, description, ...block } = forEditors(AUTH_SCHEMA, 'auth');
  const { jwt, ...rest } = block['properties'] as Readonly<Record<string, JsonSchema>>;
  const keys = ['secret', 'jwksUrl', 'publicKey'].map((key) => ({ required: [key] }));
  return {
    title,
    description,
    anyOf: [{ const: 'none' }, { ...block, properties: { jwt: { ...jwt, oneOf: keys }, ...rest } }],
  };
}

/** With one key for every connector, of which a source has exactly one, unless it names another under `type`. */
function sourceSchema(types: ConnectorTypes): JsonSchema {
  const source = forEditors(SOURCE_SCHEMA, 'sources[]');
  const connectors = types.map(({ type, options }) => [type, forEditors(options, `sources[].${type}`)]);
  return {
    ...source,
    properties: { ...(source['properties'] as object), ...Object.fromEntries(connectors) },
    oneOf: [...types.map(({ type }) => type), 'type'].map((key) => ({ required: [key] })),
  };
}

function entitlementSchema(): JsonSchema {
  return {
    ...forEditors(ENTITLEMENT_SCHEMA, 'entitlements[]'),
    oneOf: [{ required: ['allow'] }, { required: ['deny'] }],
  };
}

/** `place`: how the reference names it; the title that editors show. */
function forEditors(schema: JsonSchema, place: string): JsonSchema {
  const head = { title: place, ...textsOf(schema) };
  if (isSecret(schema, place)) return { ...head, ...secretForm(schema) };
  const body = schema['unit'] === 'duration' ? DURATION : bodyOf(schema, place);
  return acceptsScalar(schema) ? { ...head, anyOf: [...formsOf(body), REFERENCE] } : { ...head, ...body };
}

function secretForm({ harmless }: JsonSchema): JsonSchema {
  if (harmless === undefined) return { allOf: [REFERENCE] };
  return { anyOf: [{ type: 'string', pattern: harmless }, REFERENCE] };
}

/** What is for people. */
function textsOf(schema: JsonSchema): JsonSchema {
  const { description, default: fallback, examples, reason, unit } = schema;
  const parts = [description, UNITS[String(unit)], reason].filter((part) => typeof part === 'string');
  return {
    ...(parts.length === 0 ? {} : { description: parts.join(' ') }),
    ...(fallback === undefined ? {} : { default: fallback }),
    ...(examples === undefined ? {} : { examples }),
  };
}

/** What is for the editor's check, for this value and all below it. */
function bodyOf(schema: JsonSchema, place: string): JsonSchema {
  const texts = ['title', 'description', 'default', 'examples', ...OWN_KEYWORDS];
  const kept = Object.entries(schema).filter(([keyword]) => !texts.includes(keyword));
  return Object.fromEntries(
    kept.map(([keyword, below]) => [
      keyword === 'dependentRequired' ? 'dependencies' : keyword, // its name in draft-07
      convertedKeyword(keyword, below, place),
    ]),
  );
}

function convertedKeyword(keyword: string, below: unknown, place: string): unknown {
  switch (keyword) {
    case 'properties': {
      const members = Object.entries(below as Readonly<Record<string, JsonSchema>>);
      return Object.fromEntries(
        members.map(([name, member]) => [name, forEditors(member, `${place}.${name}`)]),
      );
    }
    case 'items':
      return forEditors(below as JsonSchema, `${place}[]`);
    case 'additionalProperties':
      return typeof below === 'object' ? forEditors(below as JsonSchema, `${place}.*`) : below;
    case 'anyOf':
    case 'oneOf':
      return (below as readonly JsonSchema[]).map((form) => ({ ...textsOf(form), ...bodyOf(form, place) }));
    default:
      return below;
  }
}

/** The forms of a value that may be a scalar, so that a reference can stand beside them. */
function formsOf(body: JsonSchema): readonly JsonSchema[] {
  const { anyOf, oneOf, ...rest } = body;
  if (Object.keys(rest).length > 0) return [body];
  return (anyOf ?? oneOf) as readonly JsonSchema[];
}

function acceptsScalar(schema: JsonSchema): boolean {
  const { type, enum: words, const: word, anyOf, oneOf } = schema;
  if (words !== undefined || word !== undefined) return true;
  const forms = [anyOf, oneOf].flatMap((list) => (list ?? []) as readonly JsonSchema[]);
  const types = [type ?? []].flat();
  return types.some((each) => each !== 'object' && each !== 'array') || forms.some(acceptsScalar);
}

function isSecret(schema: JsonSchema, place: string): boolean {
  const name = place.slice(place.lastIndexOf('.') + 1);
  return schema['writeOnly'] === true || (schema['type'] === 'string' && isSecretName(name));
}
