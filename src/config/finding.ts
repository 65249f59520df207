// What is wrong with a configuration, in the words, the place and the picture that a person sees. What counts as wrong is
// decided elsewhere. No picture and no sentence shows a secret: see picture.ts for what is hidden.

import type { ConfigDocument, KeyPath, Span } from './document.js';
import { pointerOf } from './interpolation.js';
import { OPTIONS } from './options.js';
import { isPlainName, pictureOf } from './picture.js';

/** Every kind of finding with its meaning: the table at the end of docs/config.md. */
export const FINDING_CODES = {
  'bad-yaml': 'The file is not YAML. Only such faults are reported, since the rest cannot be read.',
  'duplicate-key': 'A key stands twice in one mapping; which one would win is nobody’s guess.',
  'unknown-key': 'No option has this name here.',
  'unknown-env': 'A variable that begins with `TAILRACE__` names no option.',
  'missing-key': 'A key that has no default is absent.',
  'wrong-type': 'A mapping, a list, text, a number or a switch was expected.',
  'bad-value': 'The value is of the right type, but not one that this option takes.',
  'out-of-range': 'The number, duration or size is too small or too large.',
  'env-missing': 'An `{ env: NAME }` names a variable that is not set.',
  'file-unreadable': 'A `{ file: PATH }` names a file that cannot be read.',
  'env-overrides': 'A variable and the file set one option; the variable wins.',
  'auth-missing': 'Nothing says who may connect. There is no default for that.',
  'auth-none-exposed': '`auth: none` lets everybody in, so it is accepted on a loopback address only.',
  'secret-inline': 'A secret stands in the file. It belongs in a variable or a file of its own.',
  'secret-short':
    'A secret is so short that it can be guessed: an HMAC secret under 32 bytes, an admin token under 16.',
  'key-choice': 'Exactly one of `secret`, `jwksUrl` and `publicKey` verifies tokens.',
  'bad-key': 'The public key cannot be used.',
  'algorithm-family':
    'The algorithms are not those that the key can verify; HMAC and public keys are never mixed.',
  'outbound-refused':
    'An address is not public, and `outbound.allow` does not have it: nothing will be asked of it.',
  'plain-http': 'Signing keys are fetched without TLS, so that whoever sits between can forge tokens.',
  'no-connector': 'A source does not say what it reads from.',
  'two-connectors': 'A source reads from more than one place.',
  'connector-not-found':
    'A `type` names a file or a package that is not there; files count from the folder of the configuration.',
  'connector-unusable':
    'The module that a `type` names threw while it was loaded, or its default export is no connector.',
  'connector-changed':
    'The module that a `type` names is another than the one that this process loaded. A restart takes it up.',
  'dead-letters':
    'Dead letters cannot go where a source says: to two places, to no broker, to the topic that it reads, or to the file of another source.',
  'schema-registry':
    'A format needs a registry of schemas that the source does not have, or what is read as another schema cannot be.',
  'duplicate-name': 'Two sources have one name.',
  overlap: 'A path could come from two sources, and nothing says which one is right.',
  'bad-rule': 'A path, a condition, a pointer or a combination in a rule cannot work.',
  'nobody-sees': 'No rule allows anything: everybody is refused everything.',
  'matches-nothing': 'No source makes a path that this rule is about.',
  'limits-order': 'Two limits contradict one another.',
  'too-many': 'Only the first hundred findings are listed.',
  'unknown-name': 'In a test file: there is no source, principal or record of this name.',
  'unread-claim': 'In a test file: no rule reads this claim, or names this role.',
  'shutdown-order': 'The parts of a stop take longer than the whole may.',
} as const;

export type FindingCode = keyof typeof FINDING_CODES;

/** A finding before it has a line: the check that made it knows the path only. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly code: FindingCode;
  /** Says what is wrong and, where that is not obvious, what to do. Never quotes a value that could be a secret. */
  readonly message: string;
  readonly suggestion?: string;
  /** What it is about; null when it is not in the file (a variable). */
  readonly path: KeyPath | null;
  /** Point at the key rather than at the value. */
  readonly part?: 'key' | 'value';
  readonly span?: Span;
  /** Where within the text that stands at `path`, from 1. */
  readonly column?: number;
  /** The value under `path` may be a secret under a wrong name: show it in no picture. */
  readonly conceal?: boolean;
}

export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly code: FindingCode;
  readonly message: string;
  readonly suggestion: string | undefined;
  /** `sources.quotes.kafka`; items of lists by name where they have one, by index otherwise. */
  readonly path: string;
  readonly file: string;
  /** 1-based; 0 when it is not about a place in the file. */
  readonly line: number;
  readonly column: number;
  /** `docs/config.md#sources-kafka` */
  readonly docs: string;
  /** The line with a caret under it, two lines of text; undefined without a place. */
  readonly picture: string | undefined;
}

/** The words that are no secret wherever they stand. */
export interface Vocabulary {
  /** Types of connectors. */
  readonly connectors: readonly string[];
  /** Names of all options. */
  readonly options: ReadonlySet<string>;
  /** Where the page describes a path; left out: as in a configuration. */
  readonly docsOf?: (path: KeyPath) => string;
}

/** Of a file that is all wrong (of another program, say) the rest would tell nothing, and each picture takes time. */
const MAX_FINDINGS = 100;

/** Places problems in their file, in the order of its lines. */
export function locate(
  problems: readonly Problem[],
  document: ConfigDocument,
  vocabulary: Vocabulary,
): Finding[] {
  const concealed = new Set(
    problems.flatMap(({ conceal, path }) => (conceal && path ? [pointerOf(path)] : [])),
  );
  const unreadable = document.faults.some((fault) => fault.code === 'bad-yaml');
  const findings = firstOf(problems).map((problem): Finding => {
    const path = problem.path ?? [];
    const docs = vocabulary.docsOf?.(path) ?? `docs/config.md#${anchorOf(path, vocabulary.connectors)}`;
    const span = spanOf(problem, document);
    const place = span === undefined ? { line: 0, column: 0 } : document.positionOf(span.start);
    return {
      severity: problem.severity,
      code: problem.code,
      message: bounded(problem.message),
      suggestion: problem.suggestion,
      path: pathText(path, document.value),
      file: document.file,
      ...place,
      docs,
      picture:
        span &&
        pictureOf(document, span, { docs, concealed, dotted: unreadable ? vocabulary.options : undefined }),
    };
  });
  return findings.sort((a, b) => a.line - b.line || a.column - b.column || (a.code < b.code ? -1 : 1));
}

/** Sentences quote paths, which may be of any length. */
function bounded(message: string): string {
  return message.length > 1000 ? `${message.slice(0, 1000)}…` : message;
}

/** Errors before warnings. */
function firstOf(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= MAX_FINDINGS) return problems;
  const errors = problems.filter(({ severity }) => severity === 'error');
  const warnings = problems.filter(({ severity }) => severity === 'warning');
  const message = `there are ${problems.length - MAX_FINDINGS} findings more`;
  const rest: Problem = {
    severity: errors.length > 0 ? 'error' : 'warning',
    code: 'too-many',
    path: null,
    message,
  };
  return [...[...errors, ...warnings].slice(0, MAX_FINDINGS), rest];
}

function spanOf({ span, path, part, column }: Problem, document: ConfigDocument): Span | undefined {
  if (span !== undefined || path === null) return span;
  const [section] = path;
  if (section !== undefined && childOf(document.value, section) === undefined) return undefined; // absent: no line is to blame
  const whole = document.spanOf(path, part ?? 'value');
  if (column === undefined || column === 1) return whole;
  const isQuoted = ['"', "'"].includes(document.text[whole.start] ?? '');
  const start = whole.start + column - 1 + (isQuoted ? 1 : 0);
  return start < whole.end ? { start, end: start + 1 } : whole;
}

/** `tailrace.yaml:14:37  error  unknown-key   sentence` and the picture below it. */
export function findingText(finding: Finding): string {
  const place = finding.line === 0 ? finding.file : `${finding.file}:${finding.line}:${finding.column}`;
  const hint = finding.suggestion === undefined ? '' : `; did you mean "${finding.suggestion}"?`;
  const head = `${place}  ${finding.severity}  ${finding.code}   ${finding.message}${hint}`;
  return finding.picture === undefined ? `${head}   ${finding.docs}` : `${head}\n${finding.picture}`;
}

/** A path as a sentence names it, without keys that nobody would call an option. `root` gives the names of list items. */
export function pathText(path: KeyPath, root: unknown): string {
  let text = '';
  let node: unknown = root;
  for (const step of path) {
    node = childOf(node, step);
    const name = typeof step === 'number' ? nameOf(node) : undefined;
    if (typeof step === 'number' && name === undefined) text += `[${step}]`;
    else text += `${text === '' ? '' : '.'}${name ?? (isPlainName(String(step)) ? step : '*')}`;
  }
  return text;
}

/** The heading of docs/config.md that describes a path. `connectors`: their types, each of which has one. */
export function anchorOf(path: KeyPath, connectors: readonly string[]): string {
  const [first = '', second = ''] = path.filter((step) => typeof step === 'string');
  if (!SECTIONS.has(first)) return 'the-file';
  const below =
    first === 'sources'
      ? [...connectors, 'format', 'deadLetters', 'map']
      : first === 'auth'
        ? ['jwt', 'anonymous']
        : [];
  return below.includes(second) ? `${first}-${second}` : first;
}

const SECTIONS: ReadonlySet<string> = new Set([...Object.keys(OPTIONS), 'auth', 'sources', 'entitlements']);

function childOf(node: unknown, step: string | number): unknown {
  if (typeof node !== 'object' || node === null || !Object.hasOwn(node, step)) return undefined;
  return (node as Readonly<Record<string | number, unknown>>)[step];
}

function nameOf(node: unknown): string | undefined {
  const name = childOf(node, 'name');
  return typeof name === 'string' && /^[\w-]{1,63}$/.test(name) ? name : undefined;
}
