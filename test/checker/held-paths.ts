// What a connection has been given: every alias, the path and intent it stands for, and which log partitions are stale.
// Reads the shared data lines of `tailrace.v1.json` by what PROTOCOL.md says about them, not by the product's encoder.

import type { Operation, Value } from '../oracle/naive-json.js';
import { HeldStream, type ValueLine } from './held-stream.js';
import { Violation } from './violation.js';

/** What a line was about. `deleted`: by the server, at `version`. */
export type Touched =
  | { readonly kind: 'keyframe' | 'change' | 'mark'; readonly stream: HeldStream }
  | { readonly kind: 'deleted'; readonly stream: HeldStream; readonly version: number }
  /** A delete of what is not held, perhaps because another alias has taken the path over: allowed, and nothing. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'source' };

/** Invariant: one stream for each intent and path; an alias that another has replaced is not known any more. */
export class HeldPaths {
  /** Log partition -> since when, wall time in ms. */
  readonly staleSources = new Map<number, number>();
  readonly #byAlias = new Map<number, HeldStream>();
  readonly #byPath = new Map<string, HeldStream>();

  take(line: readonly unknown[]): Touched {
    const [tag, alias] = line;
    if (tag === 0) return this.#keyframe(line);
    if (tag === 7 || tag === 8) return this.#markSources(line, tag === 7);
    const stream = this.#byAlias.get(numeric(alias, line));
    if (tag === 4 && stream?.isHeld !== true) return { kind: 'nothing' };
    if (stream === undefined)
      throw new Violation('G2', `alias ${String(alias)} stands for nothing: ${JSON.stringify(line)}`);
    return take(stream, line);
  }

  /** The streams of an intent. */
  *of(intent: number): Iterable<HeldStream> {
    for (const stream of this.#byPath.values()) if (stream.intent === intent) yield stream;
  }

  find(intent: number, path: string): HeldStream | undefined {
    return this.#byPath.get(`${intent} ${path}`);
  }

  isStale(stream: HeldStream): boolean {
    return stream.isStale || this.staleSources.has(stream.x);
  }

  #keyframe(line: readonly unknown[]): Touched {
    const [, alias, version, x, intent, path, value, at] = line;
    if (typeof path !== 'string' || value === undefined) throw malformed(line);
    numeric(at, line);
    const stream = this.#defined(
      new HeldStream(numeric(alias, line), path, numeric(intent, line), numeric(x, line)),
    );
    stream.keyframe(numeric(version, line), value as Value);
    return { kind: 'keyframe', stream };
  }

  /** The stream that the alias names from now on: the one it names already, or the new one in its place. */
  #defined(named: HeldStream): HeldStream {
    const key = `${named.intent} ${named.path}`;
    const known = this.#byAlias.get(named.alias);
    if (known !== undefined && `${known.intent} ${known.path}` !== key) {
      throw new Violation('wire', `alias ${named.alias} stood for ${known.path} and now for ${named.path}`);
    }
    if (known !== undefined) return known;
    const replaced = this.#byPath.get(key);
    if (replaced !== undefined) {
      this.#byAlias.delete(replaced.alias);
      named.follow(replaced);
    }
    this.#byAlias.set(named.alias, named);
    this.#byPath.set(key, named);
    return named;
  }

  #markSources([, partitions, since]: readonly unknown[], isStale: boolean): Touched {
    for (const x of partitions as number[]) {
      if (isStale) this.staleSources.set(x, Number(since));
      else this.staleSources.delete(x);
    }
    return { kind: 'source' };
  }
}

function take(stream: HeldStream, line: readonly unknown[]): Touched {
  const version = line[2];
  switch (line[0]) {
    case 4:
      stream.delete(numeric(version, line));
      return { kind: 'deleted', stream, version: numeric(version, line) };
    case 5:
    case 6:
      stream.mark(line[0] === 5);
      return { kind: 'mark', stream };
    default:
      stream.change(valueLine(line));
      return { kind: 'change', stream };
  }
}

function valueLine(line: readonly unknown[]): ValueLine {
  const [tag, , version, third, fourth] = line;
  const to = numeric(version, line);
  if (third === undefined) throw malformed(line);
  if (tag === 1) return { tag: 'full', version: to, value: third as Value };
  const span = numeric(third, line);
  if (fourth === undefined || span < 1) throw malformed(line);
  if (tag === 2) return { tag: 'merge', version: to, span, patch: fourth as Value };
  if (tag === 3) return { tag: 'patch', version: to, span, operations: fourth as Operation[] };
  throw malformed(line);
}

function numeric(value: unknown, line: readonly unknown[]): number {
  if (typeof value !== 'number') throw malformed(line);
  return value;
}

function malformed(line: readonly unknown[]): Violation {
  return new Violation('wire', `not a line of the protocol: ${JSON.stringify(line)}`);
}
