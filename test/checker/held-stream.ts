// One alias as a client holds it: the path it stands for, the version and the value. Applies the lines that change them
// and refuses the ones that an honest server does not send (G1, G2, G7).

import { jsonPatch, mergePatch, type Operation, type Value } from '../oracle/naive-json.js';
import { Violation } from './violation.js';

/** A value line as parsed: `tag` 0-4 of PROTOCOL.md. */
export type ValueLine =
  | { readonly tag: 'full'; readonly version: number; readonly value: Value }
  | { readonly tag: 'merge'; readonly version: number; readonly span: number; readonly patch: Value }
  | {
      readonly tag: 'patch';
      readonly version: number;
      readonly span: number;
      readonly operations: readonly Operation[];
    };

/** Invariant: `version` never goes down. */
export class HeldStream {
  readonly alias: number;
  readonly path: string;
  readonly intent: number;
  readonly x: number;
  #version = -1;
  #value: Value | undefined;
  /** The client has thrown its value away and waits for a keyframe: changes are read and not applied. */
  #isLost = false;
  isStale = false;

  constructor(alias: number, path: string, intent: number, x: number) {
    this.alias = alias;
    this.path = path;
    this.intent = intent;
    this.x = x;
  }

  get version(): number {
    return this.#version;
  }

  /** undefined: the path does not exist for this session, or the client has lost it. */
  get value(): Value | undefined {
    return this.#value;
  }

  /** Its value was thrown away, and is on its way. */
  get isLost(): boolean {
    return this.#isLost;
  }

  get isHeld(): boolean {
    return this.#value !== undefined || this.#isLost;
  }

  /** Another alias stood for the path before: versions go on from there, unless the path comes from another partition now. */
  follow(predecessor: HeldStream): void {
    if (predecessor.x === this.x) this.#version = predecessor.version;
  }

  /** The newest record of the path could not be used, or a good one has come since. */
  mark(isStale: boolean): void {
    if (!this.isHeld) throw new Violation('G7', `${this.path}: a mark on what is deleted or was never given`);
    this.isStale = isStale;
  }

  keyframe(version: number, value: Value): void {
    if (version < this.#version) throw this.#regress(version);
    this.#hold(version, value);
    this.#isLost = false;
  }

  change(line: ValueLine): void {
    if (!this.isHeld)
      throw new Violation('G7', `${this.path}: a change of what is deleted or was never given`);
    if (line.version <= this.#version) throw this.#regress(line.version);
    if (line.tag === 'full') this.keyframe(line.version, line.value);
    else if (this.#value === undefined) this.#version = line.version;
    else this.#hold(line.version, this.#patched(this.#value, line));
  }

  delete(version: number): void {
    if (version < this.#version) throw this.#regress(version);
    this.#version = version;
    this.forget();
  }

  /** What the client does by itself: it no longer wants the path. */
  forget(): void {
    this.#value = undefined;
    this.#isLost = false;
    this.isStale = false;
  }

  /** What the client does by itself: its value is damaged, or the server has said that it must not be trusted. */
  lose(): void {
    if (this.#value === undefined) return;
    this.#value = undefined;
    this.#isLost = true;
  }

  #patched(held: Value, line: Exclude<ValueLine, { tag: 'full' }>): Value {
    const base = line.version - line.span;
    if (this.#version < base) {
      throw new Violation(
        'G2',
        `${this.path}: a delta on [${base}, ${line.version}) and ${this.#version} is held`,
      );
    }
    try {
      return line.tag === 'merge' ? mergePatch(held, line.patch) : jsonPatch(held, line.operations);
    } catch (error) {
      throw new Violation('G2', `${this.path}: the delta does not fit the value: ${String(error)}`);
    }
  }

  #hold(version: number, value: Value): void {
    this.#version = version;
    this.#value = value;
    this.isStale = false;
  }

  #regress(version: number): Violation {
    return new Violation('G1', `${this.path}: version ${version} after ${this.#version}`);
  }
}
