// Validates a part of the document against a JSON Schema and says every mistake as a sentence with its place; fills in
// defaults. The only door to ajv.

import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { KeyPath } from './document.js';
import type { Problem } from './finding.js';
import { pointerOf, type Interpolated } from './interpolation.js';
import { significantErrors } from './schema-alternatives.js';
import { schemasBelow, type JsonSchema } from './schemas.js';
import { nearest } from './suggestion.js';
import { parseDuration, parseSize } from '../units.js';
import { unknownKey } from './unknown-key.js';

export interface SchemaCheck {
  /** A copy of what was given, with defaults; to be used only if there are no problems. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

export interface CheckedPlace {
  /** Where the value stands in the document. */
  readonly path: KeyPath;
  /** How a sentence names that place. */
  readonly where: string;
  readonly interpolated: Interpolated;
}

const ajv = new Ajv2020({
  allErrors: true,
  useDefaults: true,
  verbose: true,
  strict: false,
  messages: false,
});
ajv.addVocabulary(['reason', 'mustBe', 'harmless']);
ajv.addKeyword({
  keyword: 'unit',
  schemaType: 'string',
  validate: (unit: string, value: unknown) =>
    (unit === 'size' ? parseSize(value) : parseDuration(value)) !== undefined,
});
const compiled = new WeakMap<JsonSchema, ValidateFunction>();

export function checkAgainst(schema: JsonSchema, given: unknown, place: CheckedPlace): SchemaCheck {
  const validate = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, validate);
  const value = structuredClone(given);
  if (validate(value)) return { value, problems: [] };
  if (convertText(value, validate.errors ?? [], place)) return checkAgainst(schema, value, place);
  const problems = significantErrors(validate.errors ?? [])
    .filter((error) => !isAboutPlaceholder(error, place))
    .map((error) => problemOf(error, place));
  return { value, problems: distinct(problems) };
}

/** Why nothing can be checked against the schema; undefined: it can. */
export function schemaFault(schema: JsonSchema): string | undefined {
  const isValid = ajv.validateSchema(schema) === true;
  if (!isValid) return `see its ${ajv.errors?.[0]?.instancePath || 'top'}`;
  try {
    compiled.set(schema, ajv.compile(schema));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A variable gives text; where a number or a switch belongs, text that reads as one becomes it. True if any did. */
function convertText(root: unknown, errors: readonly ErrorObject[], place: CheckedPlace): boolean {
  let converted = false;
  for (const error of errors) {
    if (
      error.keyword !== 'type' ||
      !place.interpolated.resolved.has(pointerOf(place.path) + error.instancePath)
    )
      continue;
    const { type } = error.params as { type: string | readonly string[] };
    const scalar = scalarOf(String(error.data), typeof type === 'string' ? [type] : type);
    const steps = stepsOf(error.instancePath);
    if (scalar === undefined || steps.length === 0) continue;
    const parent = steps.slice(0, -1).reduce<unknown>((node, step) => childOf(node, step), root);
    Object.assign(parent as object, { [String(steps.at(-1))]: scalar });
    converted = true;
  }
  return converted;
}

function scalarOf(text: string, types: readonly string[]): number | boolean | undefined {
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  if (types.includes('integer') && /^-?\d{1,15}$/.test(text)) return Number(text);
  return types.includes('number') && /^-?\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** What is not known yet cannot be wrong, unless no text at all could stand there. */
function isAboutPlaceholder(error: ErrorObject, { path, interpolated }: CheckedPlace): boolean {
  if (!interpolated.placeholders.has(pointerOf(path) + error.instancePath)) return false;
  const wanted = error.keyword === 'type' ? [(error.params as { type: string | string[] }).type].flat() : [];
  return wanted.length === 0 || wanted.some((type) => type !== 'object' && type !== 'array');
}

function problemOf(error: ErrorObject, place: CheckedPlace): Problem {
  const path = [...place.path, ...stepsOf(error.instancePath)];
  const where = sentencePlace(place.where, error.instancePath);
  const schema = (error.parentSchema ?? {}) as JsonSchema;
  if (error.keyword === 'additionalProperties' || error.keyword === 'unevaluatedProperties') {
    const params = error.params as { additionalProperty?: string; unevaluatedProperty?: string };
    const key = params.additionalProperty ?? params.unevaluatedProperty ?? '';
    return unknownKey([...path, key], { known: Object.keys(schema['properties'] ?? {}), where });
  }
  if (error.keyword === 'required' || error.keyword === 'dependentRequired') {
    const { missingProperty } = error.params as { missingProperty: string };
    const message = `${where} has no "${missingProperty}", which is required`;
    return { severity: 'error', code: 'missing-key', path, part: 'key', message };
  }
  return {
    severity: 'error',
    path,
    ...sentenceOf(error, where),
    ...(mayHoldSecret(schema) ? { conceal: true } : {}),
  };
}

function sentenceOf(error: ErrorObject, where: string): Pick<Problem, 'code' | 'message' | 'suggestion'> {
  const schema = (error.parentSchema ?? {}) as JsonSchema;
  const params = error.params as Readonly<Record<string, unknown>>;
  const mustBe = typeof schema['mustBe'] === 'string' ? `${where} must be ${schema['mustBe']}` : undefined;
  const limits = LIMIT_WORDS[error.keyword];
  if (limits !== undefined) {
    if (params['limit'] === 1 && limits.isAboutLength)
      return { code: 'bad-value', message: `${where} must not be empty` };
    return { code: 'out-of-range', message: `${where} must ${limits.words} ${String(params['limit'])}` };
  }
  switch (error.keyword) {
    case 'type':
      return { code: 'wrong-type', message: mustBe ?? `${where} must be ${typeWords(params['type'])}` };
    case 'unit':
      return {
        code: 'bad-value',
        message: mustBe ?? `${where} must be a duration with its unit, such as "5s" or "24h"`,
      };
    case 'enum':
    case 'const': {
      const words = ((params['allowedValues'] ?? [params['allowedValue']]) as readonly unknown[]).map(String);
      const suggestion = typeof error.data === 'string' ? nearest(error.data, words) : undefined;
      const message = mustBe ?? `${where} must be ${words.length === 1 ? '' : 'one of '}${words.join(', ')}`;
      return { code: 'bad-value', message, ...(suggestion === undefined ? {} : { suggestion }) };
    }
    case 'uniqueItems':
      return { code: 'bad-value', message: `${where} names one thing twice` };
    default:
      return { code: 'bad-value', message: mustBe ?? `${where} is not of the form that this option takes` };
  }
}

interface LimitWords {
  readonly words: string;
  readonly isAboutLength?: true;
}

const LIMIT_WORDS: Readonly<Record<string, LimitWords | undefined>> = {
  minimum: { words: 'be at least' },
  maximum: { words: 'be at most' },
  exclusiveMinimum: { words: 'be more than' },
  exclusiveMaximum: { words: 'be less than' },
  minLength: { words: 'have a length of at least', isAboutLength: true },
  maxLength: { words: 'have a length of at most' },
  minItems: { words: 'have at least', isAboutLength: true },
  maxItems: { words: 'have at most' },
  minProperties: { words: 'have at least', isAboutLength: true },
  maxProperties: { words: 'have at most' },
};

/** Whether text in this place could be a secret that slipped: the place of a secret itself, or of a mapping that has one. */
function mayHoldSecret(schema: JsonSchema): boolean {
  return schema['writeOnly'] === true || schemasBelow(schema).some(mayHoldSecret);
}

function typeWords(type: unknown): string {
  const words: Readonly<Record<string, string>> = {
    object: 'a mapping',
    array: 'a list',
    string: 'text',
    number: 'a number',
    integer: 'a whole number',
    boolean: 'true or false',
    null: 'null',
  };
  return [type]
    .flat()
    .map((name) => words[String(name)] ?? String(name))
    .join(' or ');
}

function sentencePlace(where: string, instancePath: string): string {
  return stepsOf(instancePath).reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}.${step}`),
    where,
  );
}

/** The steps of a pointer; digits are indexes (a mapping here has no keys of digits alone). */
function stepsOf(pointer: string): (string | number)[] {
  const steps = pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

function childOf(node: unknown, step: string | number): unknown {
  return typeof node === 'object' && node !== null
    ? (node as Record<string | number, unknown>)[step]
    : undefined;
}

function distinct(problems: readonly Problem[]): Problem[] {
  return [
    ...new Map(
      problems.map((problem) => [`${pointerOf(problem.path ?? [])} ${problem.message}`, problem]),
    ).values(),
  ];
}
