// One test as written, of the right form, to the test as it is run: resolves names and paths, and says what it does not find.

import type { KeyPath } from '../config/document.js';
import type { FindingCode, Problem } from '../config/finding.js';
import { nearest } from '../config/suggestion.js';
import type { RejectionCode } from '../ingest/rejection.js';
import { intersects, parseFilter, type Filter } from '../topic/filter.js';
import type { Json } from '../topic/json.js';
import { parsePath, type TopicPath } from '../topic/path.js';
import type { Stage, StagedSource } from './stage.js';
import type { ExpectedOutcome, ExpectedSight, GivenRecord, TestCase, Viewer } from './test-case.js';
import { anonymousViewer, claimProblems, viewerOf, type WrittenClaims } from './viewers.js';
import { hasForeignNumber, jsonOf, type WrittenJson, type WrittenRecord } from './written-record.js';

/** What TEST_SCHEMA lets through. */
export interface WrittenTest {
  readonly name: string;
  readonly given: WrittenGiven | readonly WrittenGiven[];
  readonly expect: readonly WrittenExpectation[];
}

type WrittenGiven = Partial<WrittenRecord> & Pick<WrittenRecord, 'value'> & { readonly source?: string };
type WrittenPaths = Readonly<Record<string, WrittenJson>>;

interface WrittenExpectation {
  readonly as?: string | WrittenClaims;
  readonly sees?: 'nothing' | WrittenPaths;
  readonly includes?: WrittenPaths;
  readonly never?: readonly string[];
  readonly rejected?: RejectionCode;
  readonly filtered?: true;
  readonly record?: number;
}

export interface TestReaderOptions {
  readonly stage: Stage;
  readonly principals: ReadonlyMap<string, Viewer>;
  readonly file: string;
  readonly lineOf: (path: KeyPath) => number;
}

/** Invariant: a test that it returns without adding an error to `problems` can be run. */
export class TestReader {
  readonly problems: Problem[] = [];
  readonly #o: TestReaderOptions;
  readonly #anonymous: Viewer;
  readonly #names = new Set<string>();

  constructor(options: TestReaderOptions) {
    this.#o = options;
    this.#anonymous = anonymousViewer(options.stage);
  }

  read({ name, given, expect }: WrittenTest, path: KeyPath): TestCase {
    if (this.#names.has(name))
      this.#error('duplicate-name', [...path, 'name'], 'another test of this file has this name');
    this.#names.add(name);
    const below = [...path, 'given'];
    const records = Array.isArray(given)
      ? (given as readonly WrittenGiven[]).flatMap((record, i) => this.#given(record, [...below, i]))
      : this.#given(given as WrittenGiven, below);
    const amount = [given].flat().length;
    const expectations = expect.map((each, i) => ({ each, at: [...path, 'expect', i] }));
    for (const { each, at } of expectations) this.#askForOneForm(each, at);
    return {
      name,
      file: this.#o.file,
      line: this.#o.lineOf(path),
      given: records,
      sights: expectations.flatMap(({ each, at }) => this.#sight(each, at)),
      outcomes: expectations.flatMap(({ each, at }) => this.#outcome(each, at, amount)),
    };
  }

  #given(written: WrittenGiven, path: KeyPath): GivenRecord[] {
    const source = this.#source(written.source, path);
    for (const part of ['key', 'value'] as const) {
      if (!hasForeignNumber(written[part] ?? null)) continue;
      const message = `${part} has a number that no double holds; write the whole ${part} as text, which is taken as it is`;
      this.#error('bad-value', [...path, part], message);
    }
    const { key = null, value, headers = {}, topic = '', partition = 0, timestamp = 0 } = written;
    const line = this.#o.lineOf(path);
    return source === undefined ? [] : [{ line, source, key, value, headers, topic, partition, timestamp }];
  }

  #source(name: string | undefined, path: KeyPath): StagedSource | undefined {
    const { sources } = this.#o.stage;
    const names = sources.map(({ config }) => config.name);
    if (name === undefined) {
      if (sources.length === 1) return sources[0];
      const message = `the configuration has several sources, so a record says its source: ${names.join(', ')}`;
      this.#error('missing-key', path, message);
      return undefined;
    }
    const found = sources.find(({ config }) => config.name === name);
    if (found === undefined)
      this.#unknown(
        [...path, 'source'],
        `there is no source "${name}"; there are ${names.join(', ')}`,
        nearest(name, names),
      );
    return found;
  }

  /** About somebody or about a record, and nothing beside it that says nothing. */
  #askForOneForm(written: WrittenExpectation, path: KeyPath): void {
    const has = (key: keyof WrittenExpectation) => written[key] !== undefined;
    const [subject, otherSubject] = (['as', 'rejected', 'filtered'] as const).filter(has);
    const [sight, otherSight] = (['sees', 'includes', 'never'] as const).filter(has);
    if (subject === undefined)
      this.#error('missing-key', path, 'it needs as, or rejected, or filtered: whom or what it is about');
    else if (subject === 'as' && sight === undefined)
      this.#error('missing-key', path, 'it needs sees, includes or never: what is seen');
    const tooMany: readonly (readonly [key: string, message: string] | false | undefined)[] = [
      otherSubject && [otherSubject, `${otherSubject} beside ${subject}: make it two items`],
      subject !== undefined &&
        subject !== 'as' &&
        sight && [sight, `${sight} needs somebody: say who with as`],
      sight === 'sees' &&
        otherSight && [otherSight, `sees lists all that is seen, so ${otherSight} adds nothing`],
      subject === 'as' && has('record') && ['record', 'what is seen is seen after the last record'],
    ];
    for (const fault of tooMany) if (fault) this.#error('bad-value', [...path, fault[0]], fault[1], 'key');
  }

  #sight(written: WrittenExpectation, path: KeyPath): ExpectedSight[] {
    const { as, sees, includes, never = [] } = written;
    if (as === undefined) return [];
    const viewer = this.#viewer(as, [...path, 'as']);
    const values = new Map([
      ...this.#values(sees === 'nothing' ? {} : (sees ?? {}), [...path, 'sees']),
      ...this.#values(includes ?? {}, [...path, 'includes']),
    ]);
    const filters = never.flatMap((text, i) => this.#filter(text, [...path, 'never', i]));
    const extent = sees === undefined ? 'some' : 'all';
    return viewer === undefined
      ? []
      : [{ line: this.#o.lineOf(path), viewer, values, extent, never: filters }];
  }

  #viewer(as: string | WrittenClaims, path: KeyPath): Viewer | undefined {
    const { principals, stage } = this.#o;
    if (typeof as !== 'string') {
      this.problems.push(...claimProblems(as, path, stage));
      return viewerOf(as, stage);
    }
    if (as === 'anonymous') return this.#anonymous;
    const viewer = principals.get(as);
    if (viewer === undefined) {
      const names = [...principals.keys(), 'anonymous'];
      this.#unknown(path, `there is no principal "${as}"; there are ${names.join(', ')}`, nearest(as, names));
    }
    return viewer;
  }

  #values(written: WrittenPaths, path: KeyPath): [TopicPath, Json][] {
    return Object.entries(written).flatMap(([text, value]): [TopicPath, Json][] => {
      const at = [...path, text];
      if (hasForeignNumber(value)) this.#error('bad-value', at, 'it has a number that JSON does not have');
      const parsed = parsePath(text);
      if (!parsed.ok) {
        this.#error('bad-value', at, `the path "${text}" ${parsed.fault}`, 'key');
        return [];
      }
      this.#askWhetherMade(parseFilter(text), at, 'key');
      // Sources keep such numbers as text, or reject the record.
      return [[parsed.path, jsonOf(value, String)]];
    });
  }

  #filter(text: string, path: KeyPath): Filter[] {
    const parsed = parseFilter(text);
    if (!parsed.ok) {
      this.#error('bad-value', path, `the filter "${text}" ${parsed.fault}`);
      return [];
    }
    this.#askWhetherMade(parsed, path, 'value');
    return [parsed.filter];
  }

  #askWhetherMade(parsed: ReturnType<typeof parseFilter>, path: KeyPath, part: 'key' | 'value'): void {
    const { patterns } = this.#o.stage;
    if (!parsed.ok || patterns.some((pattern) => intersects(pattern, parsed.filter))) return;
    const message = `no source makes such a path; they make ${[...new Set(patterns)].join(', ')}`;
    this.problems.push({ severity: 'warning', code: 'matches-nothing', path, part, message });
  }

  #outcome(written: WrittenExpectation, path: KeyPath, amount: number): ExpectedOutcome[] {
    const { rejected, filtered, record = amount } = written;
    if (rejected === undefined && filtered === undefined) return [];
    if (record > amount) {
      const message = `there is no record ${record}; given has ${amount}`;
      this.#unknown([...path, 'record'], message, undefined);
    }
    const outcome =
      rejected === undefined
        ? ({ kind: 'filtered' } as const)
        : ({ kind: 'rejected', code: rejected } as const);
    return [{ line: this.#o.lineOf(path), record: record - 1, outcome }];
  }

  #unknown(path: KeyPath, message: string, suggestion: string | undefined): void {
    const problem = { severity: 'error', code: 'unknown-name', path, message } as const;
    this.problems.push(suggestion === undefined ? problem : { ...problem, suggestion });
  }

  #error(code: FindingCode, path: KeyPath, message: string, part: 'key' | 'value' = 'value'): void {
    this.problems.push({ severity: 'error', code, path, part, message });
  }
}
