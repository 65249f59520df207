// What one record became, as people read it and as programs do. Nothing in a record can write to the terminal: see printable.ts.

import { isUtf8 } from 'node:buffer';
import type { SourceRecord } from '../../connectors/contract.js';
import type { MapRule } from '../map/rule.js';
import type { MappedPath } from '../map/mapping.js';
import type { SampledRecord } from '../ingest/record-reader.js';
import { toText, type JsonText } from '../topic/utf8.js';
import { printable, printableBytes, shortened } from './printable.js';

/** A record, and what it would do. `record` is valid as long as the source says. */
export interface TappedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly record: SourceRecord;
  readonly sampled: SampledRecord;
}

export interface TapStyle {
  /** Width of the terminal; undefined: lines are as long as they are. */
  readonly columns: number | undefined;
  /** Whether the bytes of the record follow. */
  readonly raw: boolean;
  /** The rules of the source. */
  readonly rules: readonly MapRule[];
}

const KEY_BYTES = 48;
const RAW_BYTES = 1024;
/** Bytes shown before the one where decoding failed. */
const BEFORE_FAULT = 24;
const INDENT = '    ';
/** Of one record, on a terminal. */
const MOST_PATHS = 20;

/** `orders/0@4711  7  ->  orders/7  {"total":5}`: a line per path, or one that says why there is none. */
export function tapText(tapped: TappedRecord, style: TapStyle): string[] {
  const { topic, partition, record } = tapped;
  const key = record.key === null ? '-' : printableBytes(record.key, KEY_BYTES);
  const head = `${printable(topic)}/${partition}@${printable(String(record.offset))}  ${key}  ->  `;
  const { columns } = style;
  const [first = '', ...more] = outcomeLines(tapped.sampled, style.rules);
  const shown = columns === undefined ? more : more.slice(0, MOST_PATHS - 1);
  const lines = [head + first, ...shown.map((line) => `${INDENT}->  ${line}`)];
  if (shown.length < more.length) lines.push(`${INDENT}… and ${more.length - shown.length} paths more`);
  if (style.raw) lines.push(...rawLines(tapped));
  return columns === undefined ? lines : lines.map((line) => shortened(line, columns));
}

/** How many lines {@link tapText} gives a terminal. */
export function heightOf({ sampled }: TappedRecord, raw: boolean): number {
  const paths = sampled.outcome === 'mapped' ? sampled.paths.length : 1;
  return Math.min(paths, MOST_PATHS + 1) + (raw ? 2 : 0);
}

/** One JSON object. Values stand in it with every digit that the record has. */
export function tapJson({ topic, partition, record, sampled }: TappedRecord, raw: boolean): string {
  const { key, timestampMs, offset } = record;
  const facts = {
    topic,
    partition,
    offset,
    ...keyFacts(key),
    timestamp: timestampMs < 0 ? null : timestampMs,
    outcome: sampled.outcome,
    ...(sampled.outcome === 'rejected' && { stage: sampled.stage, code: sampled.code, at: sampled.at }),
    ...(raw && { raw: rawStart(record) }),
  };
  const members = [JSON.stringify(facts).slice(1, -1)];
  if (sampled.outcome === 'mapped') members.push(`"paths":[${sampled.paths.map(pathJson).join(',')}]`);
  return printable(`{${members.join(',')}}`);
}

/** Bytes that are no text stand as base64 beside, so that no two keys look alike. */
function keyFacts(key: Buffer | null): object {
  if (key === null || isUtf8(key)) return { key: key?.toString('utf8') ?? null };
  return { key: null, keyBase64: key.toString('base64') };
}

/** Tabs between its tokens are spaces then. */
export function jsonText(text: JsonText): string {
  return toText(text).replaceAll('\t', ' ');
}

function pathJson({ path, text }: MappedPath): string {
  const value = text === null ? '"deleted":true' : `"value":${jsonText(text)}`;
  return `{"path":${JSON.stringify(path)},${value}}`;
}

function rawStart({ key, value }: SourceRecord): object {
  const start = (bytes: Buffer | null) => bytes?.toString('base64', 0, RAW_BYTES) ?? null;
  return { key: start(key), value: start(value), valueBytes: value?.length ?? 0 };
}

/** One line per path, or one that says why there is none. */
export function outcomeLines(sampled: SampledRecord, rules: readonly MapRule[]): string[] {
  switch (sampled.outcome) {
    case 'mapped':
      return sampled.paths.map(
        ({ path, text }) => `${printable(path)}  ${text === null ? 'deleted' : printable(jsonText(text))}`,
      );
    case 'deleted':
      return ['deleted: all paths of the key'];
    case 'filtered':
      return ['filtered: no rule holds'];
    case 'rejected':
      return [`rejected: ${sampled.stage}, ${sampled.code}${placeOf(sampled, rules)}`];
  }
}

function placeOf(
  { stage, at }: Extract<SampledRecord, { outcome: 'rejected' }>,
  rules: readonly MapRule[],
): string {
  if (at === undefined) return '';
  return stage === 'map' ? `, rule ${at + 1}: ${printable(rules[at]?.path ?? '')}` : `, byte ${at}`;
}

function rawLines({ record, sampled }: TappedRecord): string[] {
  const at = sampled.outcome === 'rejected' ? (sampled.at ?? 0) : 0;
  const stage = sampled.outcome === 'rejected' ? sampled.stage : undefined;
  return [
    rawLine('key', record.key, stage === 'decode key' ? at : 0),
    rawLine('value', record.value, stage === 'decode value' ? at : 0),
  ];
}

function rawLine(what: string, bytes: Buffer | null, at: number): string {
  if (bytes === null) return `${INDENT}${what}: none`;
  let from = Math.max(0, Math.min(at, bytes.length) - BEFORE_FAULT);
  for (let steps = 0; steps < 3 && isWithinCharacter(bytes[from]); steps++) from--;
  const place = from === 0 ? '' : ` from byte ${from}`;
  return `${INDENT}${what}, ${bytes.length} bytes${place}: ${printableBytes(bytes.subarray(from), RAW_BYTES)}`;
}

/** Of UTF-8. */
function isWithinCharacter(byte: number | undefined): boolean {
  return byte !== undefined && byte >> 6 === 0b10;
}
