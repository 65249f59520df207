// The text of a starting configuration: what was found, with comments for whoever has never seen one.

import type { TopicGuess } from './topic-guess.js';
import { pathsOf, sourceNames } from './topic-names.js';
import type { WrittenRegistry } from './trial.js';

/** How the cluster is reached, as it is written down: passwords by reference. */
export interface WrittenAccess {
  readonly brokers: readonly string[];
  readonly tls?: true | { readonly ca: Reference };
  readonly sasl?: { readonly mechanism: string; readonly username: string; readonly password: Reference };
}

export type Reference = { readonly env: string } | { readonly file: string };

export interface StarterOptions {
  readonly access: WrittenAccess;
  readonly registry: WrittenRegistry | undefined;
  /** What the registry needs in `outbound.allow`; left out: nothing. */
  readonly allow?: readonly string[];
  /** At least one. */
  readonly guesses: readonly TopicGuess[];
}

const COLUMNS = 120;

/** YAML that `check` accepts. Holds names of topics and fields, and nothing else of what records hold. */
export function starterText(options: StarterOptions): string {
  const { access, guesses } = options;
  const names = sourceNames(guesses.map(({ sample }) => sample.topic));
  const paths = pathsOf(guesses.map(({ sample, path }) => ({ topic: sample.topic, rest: path })));
  const sources = guesses.map((guess) => {
    const { topic } = guess.sample;
    return sourceText(guess, { ...options, path: paths.get(topic) ?? '', name: names.get(topic) ?? '' });
  });
  const head = `What \`tailrace init\` made of the topics at ${access.brokers.join(', ')}: a start, to be read and changed. Every key is in docs/config.md.`;
  return [
    ...comment(head, 0),
    '',
    ...LISTEN,
    '',
    ...outbound(options),
    'sources:',
    sources.map((lines) => lines.join('\n')).join('\n\n'),
    '',
    ...entitlements([...paths.values()][0] ?? ''),
    '',
  ].join('\n');
}

const LISTEN = [
  'listen:',
  '  host: 127.0.0.1 # of this machine only, as long as nobody has to show a token',
  '  port: 8080',
  '  # origins: [http://localhost:5173] # web pages that may connect: scheme, host and port',
  'admin:',
  '  host: 127.0.0.1',
  '  port: 9090 # metrics and health',
  '',
  '# Everybody who reaches the port is let in, without a role. For others than yourself, say how tokens are verified:',
  '# auth:',
  '#   jwt:',
  '#     jwksUrl: https://idp.example/.well-known/jwks.json # or secret: { env: TOKEN_SECRET }',
  '#     issuer: https://idp.example',
  '#     audience: tailrace',
  'auth: none',
];

function outbound({ allow = [], guesses }: StarterOptions): string[] {
  if (allow.length === 0 || !guesses.some(({ needsRegistry }) => needsRegistry)) return [];
  return ['# The schema registry has no public address.', 'outbound:', `  allow: ${list(allow)}`, ''];
}

function entitlements(path: string): string[] {
  const [first = ''] = path.split('/');
  return [
    '# Who sees what. Nobody sees anything that no rule allows.',
    'entitlements:',
    '  - allow: everyone',
    "    paths: ['**']",
    '  # With tokens, rules name roles (of the claim `roles`), and paths may hold claims:',
    '  # - allow: [customer]',
    `  #   paths: [${scalar(`${first}/{claims.account}/**`)}]`,
    '  #   hide: [/internal] # members of the value',
  ];
}

interface SourceOptions extends StarterOptions {
  readonly name: string;
  readonly path: string;
}

function sourceText(guess: TopicGuess, { access, registry, name, path }: SourceOptions): string[] {
  const { sample, keyFormat, valueFormat, needsRegistry, timeFields, notes } = guess;
  return [
    ...[factsOf(guess), keeping(guess), ...notes].flatMap((note) => comment(note, 2)),
    `  - name: ${scalar(name)}`,
    '    kafka:',
    `      brokers: ${list(access.brokers)}`,
    `      topics: ${list([sample.topic])}`,
    ...accessLines(access),
    `    format: { key: ${keyFormat}, value: ${valueFormat} }`,
    ...(needsRegistry && registry !== undefined ? [`    schemaRegistry: ${flow(registry)}`] : []),
    '    map:',
    `      - path: ${scalar(path)}`,
    ...(timeFields.length === 0
      ? []
      : [`        # ignore: ${list(timeFields)} # then a change in these alone is no change`]),
  ];
}

function accessLines({ tls, sasl }: WrittenAccess): string[] {
  return [
    ...(tls === undefined ? [] : [`      tls: ${tls === true ? 'true' : flow(tls)}`]),
    ...(sasl === undefined ? [] : [`      sasl: ${flow(sasl)}`]),
  ];
}

function factsOf({ sample }: TopicGuess): string {
  const { topic, partitions, records, trouble } = sample;
  const parts = `${partitions} partition${partitions === 1 ? '' : 's'}`;
  if (records.length > 0)
    return `${topic}: ${parts}; guessed from ${records.length} record${records.length === 1 ? '' : 's'}.`;
  const why = trouble === undefined ? 'no records were found' : `it could not be read (${trouble})`;
  return `${topic}: ${parts}; ${why}, so that formats and path are a guess.`;
}

/** What becomes of its paths. */
function keeping({ sample: { isCompacted } }: TopicGuess): string {
  switch (isCompacted) {
    case true:
      return 'It is compacted: every key is there again after a restart, and a record without a value deletes the paths of its key.';
    case false:
      return 'It is not compacted: after a restart those paths are there whose records Kafka still has. A record without a value deletes the paths of its key; `expireAfter: 24h` lets go of those that have gone quiet.';
    case undefined:
      return 'This user may not see whether it is compacted, which says what is there again after a restart.';
  }
}

/** As lines of at most COLUMNS. */
function comment(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && indent + 2 + line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => `${' '.repeat(indent)}# ${each}`);
}

function list(items: readonly string[]): string {
  return `[${items.map(scalar).join(', ')}]`;
}

/** A flow mapping of texts and such mappings. */
function flow(mapping: object): string {
  const members = Object.entries(mapping).map(([key, value]: [string, unknown]) => {
    return `${key}: ${typeof value === 'object' && value !== null ? flow(value) : scalar(String(value))}`;
  });
  return `{ ${members.join(', ')} }`;
}

/** Text that YAML reads as that very text, within flow collections too. */
function scalar(text: string): string {
  if (PLAIN.test(text) && !NOT_TEXT.test(text)) return text;
  return /['\\]|[^ -~]/.test(text) ? JSON.stringify(text) : `'${text}'`;
}

const PLAIN = /^[A-Za-z/][A-Za-z0-9_./:-]*[A-Za-z0-9_]$|^[A-Za-z]$/;
/** https://yaml.org/spec/1.2.2/#103-core-schema, and what 1.1 took for more than text. */
const NOT_TEXT = /^(true|false|null|yes|no|on|off|y|n)$/i;
