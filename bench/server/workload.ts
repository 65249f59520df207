// The values that change: prepared before anything is measured, as the bytes of records that a bridge would be given.

export type ValueShape =
  /** 120 bytes, 13 members. */
  | 'small'
  /** 297 bytes, 20 members, as all measurements of records here. */
  | 'record'
  /** 8 kB, 100 members. */
  | 'document';

export interface WorkloadSpec {
  readonly shape: ValueShape;
  readonly paths: number;
  /** False: consecutive values have no member in common. */
  readonly sharesMembers: boolean;
}

/** One change of one path. The bytes are the workload's: read them at once. */
export interface Change {
  /** Index of the path. */
  readonly path: number;
  readonly value: Buffer;
}

/** Values of one path that take turns; neighbours differ in two members, `t` and `bid`. */
const VERSIONS = 8;
const STAMP = '"t":';
/** Digits of the time stamp: always the same, so that it can be written in place. */
export const STAMP_DIGITS = 15;

/** Names of the members that never change. */
export const STATIC_MEMBERS: readonly string[] = Array.from({ length: 10 }, (_, i) => `f${i}`);

export function pathName(index: number): string {
  return `prices/S${String(index).padStart(5, '0')}/spot`;
}

/** The same for every run: which path changes next does not depend on chance. */
export class Workload {
  readonly paths: readonly string[];
  readonly #values: readonly (readonly Buffer[])[];
  readonly #stampAt: number;
  readonly #step: number[];

  constructor({ shape, paths, sharesMembers }: WorkloadSpec) {
    this.paths = Array.from({ length: paths }, (_, path) => pathName(path));
    this.#values = this.paths.map((_, path) =>
      Array.from({ length: VERSIONS }, (_, version) =>
        Buffer.from(valueText({ shape, path, version, sharesMembers })),
      ),
    );
    this.#stampAt = (this.#values[0]?.[0]?.indexOf(STAMP) ?? 0) + STAMP.length;
    this.#step = this.paths.map(() => 0);
  }

  /** The first value of every path. */
  initial(): Change[] {
    return this.#values.map((values, path) => ({ path, value: values[0] ?? Buffer.alloc(0) }));
  }

  /** The next value of a path. */
  next(path: number): Change {
    const step = (this.#step[path] ?? 0) + 1;
    this.#step[path] = step;
    return { path, value: this.#values[path]?.[step % VERSIONS] ?? Buffer.alloc(0) };
  }

  /** The same, with the time of now in it. */
  nextStamped(path: number, nowUs: number): Change {
    const change = this.next(path);
    change.value.write(String(nowUs), this.#stampAt, 'latin1');
    return change;
  }
}

interface ValueOf {
  readonly shape: ValueShape;
  readonly path: number;
  readonly version: number;
  readonly sharesMembers: boolean;
}

/** The text of one value. */
export function valueText({ shape, path, version, sharesMembers }: ValueOf): string {
  const members: Record<string, unknown> = {
    t: 10 ** (STAMP_DIGITS - 1) + version,
    bid: 10_000 + (path % 1_000) + version / 8 + 1 / 16,
    ...fillers(shape, path),
  };
  if (sharesMembers) return JSON.stringify(members);
  const { t, ...others } = members;
  const renamed = Object.entries(others).map(([name, value]) => [`${name}${version}`, value]);
  return JSON.stringify({ t, ...(Object.fromEntries(renamed) as object) });
}

function fillers(shape: ValueShape, path: number): Record<string, unknown> {
  const numbered = Object.fromEntries(STATIC_MEMBERS.map((name, i) => [name, i]));
  switch (shape) {
    case 'small':
      return { ...numbered, k: 'EURUS' };
    case 'record':
      return {
        symbol: `S${String(path).padStart(5, '0')}`,
        ...numbered,
        size: 1_000_000,
        venue: 'EBS market',
        currency: 'USD',
        desk: 'london',
        kind: 'spot',
        isFirm: true,
        note: 'a longer text for those who read it, such as people and auditors',
      };
    case 'document':
      return {
        symbol: `S${String(path).padStart(5, '0')}`,
        ...Object.fromEntries(
          Array.from({ length: 97 }, (_, i) => [`m${i}`, `${i} `.padEnd(74, 'abcdefghij klmnopqrst ')]),
        ),
      };
  }
}
