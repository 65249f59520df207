// Avro schemas as a graph of types, made by avsc: it knows names, namespaces, aliases and what a schema may say. Of avsc only
// that is used: as it reads, longs beyond 2^53 are rounded or refused, and every record is built as an object.

import avsc from 'avsc';
import { WHOLE_NUMBERS } from './avro-logical.js';

/** `types.X` of avsc tell the kinds apart. */
export type AvroType = avsc.Type;

/** What a logical type adds to the type that carries it. */
export class Logical extends avsc.types.LogicalType {
  readonly logicalType: string;
  readonly precision: number;
  readonly scale: number;

  constructor(schema: ConstructorParameters<typeof avsc.types.LogicalType>[0], options?: unknown) {
    super(schema, options);
    const { logicalType, precision = 0, scale = 0 } = schema as unknown as LogicalAttributes;
    this.logicalType = logicalType;
    this.precision = precision;
    this.scale = scale;
    if (!isKnown(this)) throw new Error(`${logicalType} of ${this.underlyingType.typeName}`); // avsc takes the bare type then
  }

  protected override _fromValue(value: unknown): unknown {
    return value;
  }

  protected override _toValue(value: unknown): unknown {
    return value;
  }
}

interface LogicalAttributes {
  readonly logicalType: string;
  readonly precision?: number;
  readonly scale?: number;
}

/**
 * The type that `schema` (JSON) describes; `referenced` are the schemas that it refers to, each after those that it needs itself.
 * Throws an Error that says what is wrong.
 */
export function parseAvroSchema(schema: string, referenced: readonly string[] = []): AvroType {
  // Names come from data: with a prototype, `__proto__` would be one that is there already
  const registry = Object.create(null) as Record<string, AvroType>;
  const parse = (text: string): AvroType =>
    avsc.Type.forSchema(JSON.parse(text) as Parameters<typeof avsc.Type.forSchema>[0], {
      registry,
      logicalTypes,
      wrapUnions: true,
      omitRecordMethods: true,
    });
  for (const text of referenced) parse(text);
  return parse(schema);
}

/** Without what a logical type adds. */
export function bareType(type: AvroType): AvroType {
  return type instanceof Logical ? type.underlyingType : type;
}

/** Of a fixed type; undefined: of another type. */
export function sizeOf(type: AvroType): number | undefined {
  return type instanceof avsc.types.FixedType ? type.size : undefined;
}

/** Whether it is a logical type with the type below it that the specification asks for. */
function isKnown({ logicalType, underlyingType, precision, scale }: Logical): boolean {
  const below = underlyingType.typeName;
  switch (logicalType) {
    case 'decimal':
      return (below === 'bytes' || below === 'fixed') && isInRange(scale, 0, precision) && precision > 0;
    case 'uuid':
      return underlyingType instanceof avsc.types.FixedType && underlyingType.size === 16;
    case 'duration':
      return underlyingType instanceof avsc.types.FixedType && underlyingType.size === 12;
    case 'date':
    case 'time-millis':
      return below === 'int';
    default:
      return below === 'long';
  }
}

function isInRange(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

const logicalTypes = Object.fromEntries(
  ['decimal', 'uuid', 'duration', ...Object.keys(WHOLE_NUMBERS)].map((name) => [name, Logical]),
);
