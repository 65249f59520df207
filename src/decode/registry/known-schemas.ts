// The schemas that one part of a source's records has named so far. A schema never changes under its number, so what is known is
// kept; that there is none may change, so that is asked again.

import type { Clock } from '../../clock.js';
import type { Ms } from '../../topic/update.js';
import { SchemasUnavailable } from '../decoder.js';
import { avroSchema } from './avro.js';
import { parseAvroSchema, type AvroType } from './avro-schema.js';
import { jsonSchema } from './json-schema.js';
import { protobufSchema } from './protobuf-schema.js';
import type { RegisteredSchema, RegistryClient } from './registry-client.js';
import type { Schema, SchemaFault, Schemas } from './schemas.js';

/** How long a schema that there is not is not asked for again: garbage comes in floods, and producers register first. */
const MISSING_FOR: Ms = 30_000;
/** Numbers without a schema that are remembered. */
const MOST_MISSING = 10_000;

export interface KnownSchemasOptions {
  readonly client: RegistryClient;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Avro schema that all are read as: JSON, or `subject@version`. */
  readonly readerSchema?: string | undefined;
  /** A schema that cannot be used, with the reason; once per schema. */
  readonly onUnusable?: (id: number, reason: string) => void;
}

/** Invariant: an id is in at most one of `#usable`, `#missing` and `#requests`. */
export class KnownSchemas implements Schemas {
  readonly #options: KnownSchemasOptions;
  readonly #known = new Map<number, Schema | SchemaFault>();
  /** Until when, by the monotonic clock; oldest first. */
  readonly #missing = new Map<number, Ms>();
  readonly #requests = new Map<number, Promise<void>>();
  #reader: Promise<AvroType> | undefined;

  constructor(options: KnownSchemasOptions) {
    this.#options = options;
  }

  find(id: number): Schema | SchemaFault | undefined {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const until = this.#missing.get(id);
    if (until === undefined) return undefined;
    if (this.#options.clock.monotonic() < until) return 'unknown-schema';
    this.#missing.delete(id);
    return undefined;
  }

  request(id: number): Promise<void> {
    const asked = this.#requests.get(id);
    if (asked !== undefined) return asked;
    const request = this.#request(id).finally(() => this.#requests.delete(id));
    this.#requests.set(id, request);
    return request;
  }

  async #request(id: number): Promise<void> {
    const registered = await this.#options.client.byId(id);
    if (registered === undefined) this.#miss(id);
    else this.#known.set(id, await this.#compile(id, registered));
  }

  #miss(id: number): void {
    this.#missing.set(id, this.#options.clock.monotonic() + MISSING_FOR);
    if (this.#missing.size <= MOST_MISSING) return;
    for (const [oldest] of this.#missing) {
      this.#missing.delete(oldest);
      return;
    }
  }

  async #compile(id: number, registered: RegisteredSchema): Promise<Schema | SchemaFault> {
    const reader = registered.type === 'AVRO' ? await this.#readerType() : undefined;
    try {
      return schemaOf(registered, reader);
    } catch (error) {
      this.#options.onUnusable?.(id, error instanceof Error ? error.message : String(error));
      return 'schema-mismatch';
    }
  }

  /** Asked for once, with the first schema that is read as it: what is the latest later is taken up with the next start. */
  async #readerType(): Promise<AvroType | undefined> {
    if (this.#options.readerSchema === undefined) return undefined;
    this.#reader ??= this.#readReader(this.#options.readerSchema);
    try {
      return await this.#reader;
    } catch (error) {
      this.#reader = undefined;
      throw error;
    }
  }

  async #readReader(written: string): Promise<AvroType> {
    const place = parseSchemaPlace(written);
    if (place === undefined) return parseAvroSchema(written);
    const { subject, version } = place;
    const found = await this.#options.client.bySubject(subject, version);
    if (found?.type !== 'AVRO')
      throw new SchemasUnavailable(`readerSchema is ${written}, and the registry has no such Avro schema`);
    return parseAvroSchema(
      found.schema,
      found.references.map(({ schema }) => schema),
    );
  }
}

/** Of `subject@latest` or `subject@3`; undefined: it is none of these. */
export function parseSchemaPlace(
  written: string,
): { readonly subject: string; readonly version: string } | undefined {
  const match = /^([^{["\s][^\s]*)@(latest|[1-9][0-9]*)$/.exec(written.trim());
  return match === null ? undefined : { subject: match[1] ?? '', version: match[2] ?? '' };
}

/** Why an Avro schema, or a place of one, cannot be a reader's schema; undefined: it can. */
export function readerSchemaFault(written: string): string | undefined {
  if (parseSchemaPlace(written) !== undefined) return undefined;
  try {
    parseAvroSchema(written);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Throws an Error that says what is wrong with it. */
function schemaOf({ type, schema, references }: RegisteredSchema, reader: AvroType | undefined): Schema {
  switch (type) {
    case 'AVRO':
      return avroSchema(
        parseAvroSchema(
          schema,
          references.map((each) => each.schema),
        ),
        reader,
      );
    case 'JSON':
      return jsonSchema(schema, references);
    case 'PROTOBUF':
      return protobufSchema(schema, references);
    default:
      throw new Error(`schemas of type ${type} are not known here`);
  }
}
