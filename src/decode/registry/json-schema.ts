// Documents that are JSON and are held to a JSON Schema: draft-06, draft-07 (also where `$schema` is absent),
// 2019-09 and 2020-12. The bytes stay as they came; the schema only says yes or no.

import { isAscii } from 'node:buffer';
import { Ajv, type Options, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { boundedPattern } from './bounded-pattern.js';
import type { ReferencedSchema, Schema } from './schemas.js';
import { Unreadable } from './unreadable.js';

/** `references`: each after those that it needs itself. Throws an Error that says what is wrong with the schema. */
export function jsonSchema(text: string, references: readonly ReferencedSchema[]): Schema {
  const schema = JSON.parse(text) as SchemaDocument;
  const ajv = newAjv(schema, INHERITED.test([text, ...references.map((each) => each.schema)].join()));
  for (const reference of references) addReferenced(ajv, reference, idOf(schema));
  const validate = ajv.compile(schema);
  return {
    format: 'json-schema',
    read(bytes, at) {
      const document = bytes.subarray(at);
      if (!holds(validate, document, at)) throw new Unreadable('invalid', at);
      return document;
    },
  };
}

type SchemaDocument = boolean | { readonly $schema?: string; readonly $id?: string };

const OPTIONS: Options = {
  strict: false,
  validateSchema: false,
  logger: false,
  code: { regExp: boundedPattern },
};

/** Names that every object has without having been given them. Only for these is it worth its cost per record to ask whose a name is. */
const INHERITED = new RegExp(`"(${Object.getOwnPropertyNames(Object.prototype).join('|')})"`);

function newAjv(schema: SchemaDocument, ownProperties: boolean): Ajv {
  const draft = typeof schema === 'boolean' ? '' : (schema.$schema ?? '');
  const ajv = draft.includes('2020-12')
    ? new Ajv2020({ ...OPTIONS, ownProperties })
    : draft.includes('2019-09')
      ? new Ajv2019({ ...OPTIONS, ownProperties })
      : new Ajv({ ...OPTIONS, ownProperties });
  addFormats.default(ajv, { mode: 'fast', keywords: false });
  return ajv;
}

/** A schema is referred to by its own id, or by the name under which it was registered, which may be relative to who refers. */
function addReferenced(ajv: Ajv, { name, schema }: ReferencedSchema, base: string | undefined): void {
  const parsed = JSON.parse(schema) as SchemaDocument;
  const names = new Set([idOf(parsed) ?? name, name, absolute(name, base)]);
  for (const each of names) {
    if (ajv.getSchema(each) !== undefined) continue;
    ajv.addSchema(typeof parsed === 'boolean' ? parsed : { ...parsed, $id: each }, each);
  }
}

function idOf(schema: SchemaDocument): string | undefined {
  return typeof schema === 'boolean' ? undefined : schema.$id;
}

function absolute(name: string, base: string | undefined): string {
  return base !== undefined && URL.canParse(name, base) ? new URL(name, base).href : name;
}

function holds(validate: ValidateFunction, document: Buffer, at: number): boolean {
  let value: unknown;
  try {
    value = JSON.parse(isAscii(document) ? document.toString('latin1') : document.toString());
  } catch {
    throw new Unreadable('syntax', at);
  }
  try {
    return validate(value);
  } catch (error) {
    if (error instanceof RangeError) throw new Unreadable('depth', at); // schemas refer to themselves, and documents are deep
    throw error;
  }
}
