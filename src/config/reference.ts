// docs/config.md, written from the definitions that also validate: scripts/docs.mjs puts it in its place, and a
// test fails when the page is stale.

import { FINDING_CODES } from './finding.js';
import { envNameOf, OPTIONS, SECTION_DOCS, type Option } from './options.js';
import { AUTH_SCHEMA, ENTITLEMENT_SCHEMA, SOURCE_SCHEMA, type JsonSchema } from './schemas.js';
import type { ConnectorTypes } from './sources.js';
import { markdownTable } from '../telemetry/markdown-table.js';

/** The whole page as Markdown, in the order in which people write a configuration. `example` is a complete one. */
export function configReference(types: ConnectorTypes, example: string): string {
  return [
    introduction(example),
    fixedSection('listen'),
    fixedSection('admin'),
    blockSection({ anchor: 'auth', title: 'auth', schema: AUTH_SCHEMA }),
    blockSection({ anchor: 'auth-jwt', title: 'auth.jwt', schema: propertyOf(AUTH_SCHEMA, 'jwt') }),
    blockSection({
      anchor: 'auth-anonymous',
      title: 'auth.anonymous',
      schema: propertyOf(AUTH_SCHEMA, 'anonymous'),
    }),
    blockSection({ anchor: 'sources', title: 'sources', schema: SOURCE_SCHEMA }),
    ...types.map(({ type, options }) =>
      blockSection({ anchor: `sources-${type}`, title: `sources[].${type}`, schema: options }),
    ),
    blockSection({
      anchor: 'sources-format',
      title: 'sources[].format',
      schema: propertyOf(SOURCE_SCHEMA, 'format'),
    }),
    blockSection({
      anchor: 'sources-deadLetters',
      title: 'sources[].deadLetters',
      schema: propertyOf(SOURCE_SCHEMA, 'deadLetters'),
    }),
    blockSection({
      anchor: 'sources-map',
      title: 'sources[].map',
      schema: itemsOf(propertyOf(SOURCE_SCHEMA, 'map')),
    }),
    blockSection({ anchor: 'entitlements', title: 'entitlements', schema: ENTITLEMENT_SCHEMA }),
    fixedSection('outbound'),
    fixedSection('limits'),
    fixedSection('fanout'),
    fixedSection('log'),
    fixedSection('reload'),
    fixedSection('shutdown'),
    findings(),
  ].join('\n');
}

/** A page with the options of its connector between the marks for them. */
export function withOptions(page: string, { type, options }: ConnectorTypes[number]): string {
  const [begin, end] = [
    `<!-- options of ${type}: written by scripts/docs.mjs -->\n`,
    '<!-- end of options -->',
  ];
  const [before, rest] = page.split(begin);
  const after = rest?.slice(rest.indexOf(end));
  if (before === undefined || after === undefined) throw new Error(`no marks for the options of ${type}`);
  const table = markdownTable(['option', 'is', 'default', 'what it is for'], rowsOf(options, ''));
  return `${before}${begin}\n${table}\n${after}`;
}

function introduction(example: string): string {
  return `<!-- Written by scripts/docs.mjs from src/config: change it there. -->

# Configuration

<a id="the-file"></a>

One YAML file, \`tailrace.yaml\` by default, or the one that \`-c\` names. \`tailrace check\` finds every mistake in it at once, with
line, picture and suggestion, and needs neither secrets nor a network for that.

- A key that is no option is an error, and so is a key that stands twice.
- \`{ env: NAME }\` and \`{ file: PATH }\` in place of a value take it from a variable or a file (relative to the configuration);
  nothing else is replaced, and never inside a text. Secrets are accepted in this form only, and never printed.
- Durations have a unit: \`250ms\`, \`30s\`, \`5m\`, \`24h\`. Sizes are bytes or have one: \`64KiB\`, \`1MiB\`, \`100MB\`.
- Options with a variable in their row can be set by it as well. The variable wins over the file, and a warning says so; a
  variable that begins with \`TAILRACE__\` and names no option is an error.
- A reload (a changed file, SIGHUP, or \`POST /v1/reload\`) takes up everything but the rows that say *restart*.
- \`tailrace check --print\` shows every value with where it comes from. Editors complete and check the file by its first line,
  \`# yaml-language-server: $schema=…\`; \`tailrace schema\` prints that schema.

\`\`\`yaml
${example.trimEnd()}
\`\`\`
`;
}

function fixedSection(section: keyof typeof OPTIONS): string {
  const rows = Object.entries<Option<unknown>>(OPTIONS[section]).map(([name, option]) => [
    `\`${name}\``,
    option.format.name,
    option.default === undefined ? '' : `\`${flow(option.default)}\``,
    `${option.doc} *${option.reason}*${option.example === undefined ? '' : ` Example: \`${flow(option.example)}\`.`}`,
    `\`${envNameOf(section, name)}\``,
    option.needsRestart === true ? 'restart' : 'reload',
  ]);
  return `<a id="${section}"></a>

## ${section}

${SECTION_DOCS[section]}

${markdownTable(['option', 'is', 'default', 'what it is for', 'variable', 'taken up by'], rows)}`;
}

interface Block {
  readonly anchor: string;
  readonly title: string;
  readonly schema: JsonSchema;
}

function blockSection({ anchor, title, schema }: Block): string {
  return `<a id="${anchor}"></a>

## ${title}

${textOf(schema, 'description')}

${markdownTable(['option', 'is', 'default', 'what it is for'], rowsOf(schema, ''))}`;
}

/** A row per option, with those below it. A list of mappings is named with `[]`. */
function rowsOf(schema: JsonSchema, prefix: string): string[][] {
  const required = (schema['required'] ?? []) as readonly string[];
  return Object.entries(propertiesOf(schema)).flatMap(([name, option]) => {
    const examples = ((option['examples'] ?? []) as readonly unknown[]).map((value) => `\`${flow(value)}\``);
    const fallback =
      option['default'] === undefined
        ? required.includes(name)
          ? '**required**'
          : ''
        : `\`${flow(option['default'])}\``;
    const reason = textOf(option, 'reason');
    const parts = [
      textOf(option, 'description'),
      reason === '' ? '' : `*${reason}*`,
      examples.length === 0 ? '' : `Example: ${examples.join(' or ')}.`,
    ];
    const row = [
      `\`${prefix}${name}\``,
      kindOf(option),
      fallback,
      parts.filter((part) => part !== '').join(' '),
    ];
    const below = option['type'] === 'array' ? itemsOf(option) : option;
    const step = option['type'] === 'array' ? `${prefix}${name}[].` : `${prefix}${name}.`;
    return hasOwnSection(name, prefix) ? [row] : [row, ...rowsOf(below, step)];
  });
}

/** Blocks that have a heading of their own are not unfolded in their parent's table. */
function hasOwnSection(name: string, prefix: string): boolean {
  return prefix === '' && ['jwt', 'anonymous', 'format', 'deadLetters', 'map'].includes(name);
}

function kindOf(schema: JsonSchema): string {
  if (schema['unit'] === 'duration') return 'duration';
  if (schema['unit'] === 'size') return 'size';
  const words = (schema['enum'] ?? (schema['const'] === undefined ? undefined : [schema['const']])) as
    unknown[] | undefined;
  if (words !== undefined) return words.map((word) => `\`${String(word)}\``).join(' or ');
  if (!('type' in schema)) return [...new Set(formsOf(schema).map(kindOf))].join(' or ');
  if (schema['type'] === 'array') return `list of ${kindOf(itemsOf(schema))}`;
  const names: Readonly<Record<string, string>> = {
    object: 'mapping',
    string: 'text',
    integer: 'whole number',
    boolean: 'true or false',
  };
  return [schema['type']]
    .flat()
    .map((type) => names[String(type)] ?? String(type))
    .join(' or ');
}

function findings(): string {
  const rows = Object.entries(FINDING_CODES).map(([code, meaning]) => [`\`${code}\``, meaning]);
  return `<a id="findings"></a>

## What \`check\` finds

${markdownTable(['code', 'meaning'], rows)}`;
}

/** A value as one would write it in YAML on one line. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, below]) => `${key}: ${flow(below)}`)
      .join(', ')} }`.replace('{  }', '{}');
  }
  return typeof value === 'string' && /^$|[{}[\],*#]|: /.test(value) ? `"${value}"` : String(value);
}

/** Of a value that may have several forms, those of all of them, each with the form that it is of. */
function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  const forms = [schema, ...formsOf(schema)].filter((each) => each['properties'] !== undefined);
  const merged = new Map<string, JsonSchema>();
  for (const form of forms) {
    const condition = conditionOf(form);
    for (const [name, property] of Object.entries(
      form['properties'] as Readonly<Record<string, JsonSchema>>,
    )) {
      const known = merged.get(name);
      const own = condition === '' || 'const' in property ? property : conditional(property, condition);
      merged.set(name, known === undefined ? own : eitherOf(known, own));
    }
  }
  return Object.fromEntries(merged);
}

function formsOf(schema: JsonSchema): readonly JsonSchema[] {
  return (schema['oneOf'] ?? schema['anyOf'] ?? []) as readonly JsonSchema[];
}

/** What tells this form from the others: the constant of one of its properties. */
function conditionOf(form: JsonSchema): string {
  const properties = Object.entries(form['properties'] as Readonly<Record<string, JsonSchema>>);
  const [name, constant] = properties.find(([, property]) => 'const' in property) ?? [];
  return constant === undefined ? '' : `\`${name}: ${flow(constant['const'])}\``;
}

function conditional(property: JsonSchema, condition: string): JsonSchema {
  return { ...property, description: `With ${condition}: ${textOf(property, 'description')}` };
}

function eitherOf(one: JsonSchema, other: JsonSchema): JsonSchema {
  const description = [one, other].map((each) =>
    'const' in each
      ? `\`${flow(each['const'])}\`: ${textOf(each, 'description')}`
      : textOf(each, 'description'),
  );
  return { anyOf: [one, other], description: description.join(' ') };
}

function propertyOf(schema: JsonSchema, name: string): JsonSchema {
  return propertiesOf(schema)[name] ?? {};
}

function itemsOf(schema: JsonSchema): JsonSchema {
  return (schema['items'] ?? {}) as JsonSchema;
}

function textOf(schema: JsonSchema, keyword: string): string {
  const text = schema[keyword];
  return typeof text === 'string' ? text : '';
}
