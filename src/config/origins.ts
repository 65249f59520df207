// Where each value of a configuration comes from: a default, a line of the file, a variable, or a file of its own.

import type { Config } from './config.js';
import type { ConfigDocument, KeyPath } from './document.js';
import { pointerOf, type Interpolated } from './interpolation.js';
import type { JsonSchema } from './schemas.js';

export interface OriginsInput {
  readonly config: Config;
  /** The configuration as one would write it, defaults filled in and references replaced. */
  readonly written: Readonly<Record<string, unknown>>;
  /** Pointer texts of options that variables set, and those variables. */
  readonly variables: ReadonlyMap<string, string>;
  readonly interpolated: Interpolated;
  readonly document: ConfigDocument;
}

/** Invariant: the values, secrets among them, are reached by {@link reveal} alone; nothing prints them by accident. */
export class Origins {
  readonly #input: OriginsInput;

  constructor(input: OriginsInput) {
    this.#input = input;
  }

  /** As one would write it. What is not known, offline, is a placeholder: {@link referenceAt}. */
  reveal(): Readonly<Record<string, unknown>> {
    return this.#input.written;
  }

  /** The `{ env: NAME }` or `{ file: PATH }` that stands at a place whose value is not known. */
  referenceAt(path: KeyPath): Readonly<Record<string, string>> | undefined {
    const { interpolated, variables } = this.#input;
    const pointer = pointerOf(path);
    const reference = interpolated.placeholders.has(pointer)
      ? interpolated.references.get(pointer)
      : undefined;
    if (reference === undefined || variables.has(pointer)) return undefined;
    const blank = reference.indexOf(' ');
    return { [reference.slice(0, blank)]: reference.slice(blank + 1) };
  }

  /** Schema of the options of a source, by its place in the list. */
  optionsOfSource(index: number): JsonSchema | undefined {
    return this.#input.config.sources[index]?.connector.options;
  }

  /** Variables and files that rules take text from, where those are not known: `env ROLE`. */
  unknownInRules(): readonly string[] {
    const { placeholders, references } = this.#input.interpolated;
    const inRules = [...placeholders].filter((pointer) =>
      /^\/(entitlements|sources\/\d+\/map)\//.test(pointer),
    );
    return [...new Set(inRules.flatMap((pointer) => references.get(pointer) ?? []))];
  }

  /** `default`, `tailrace.yaml:12`, `env NAME` or `file PATH`. */
  originOf(path: KeyPath): string {
    const { variables, interpolated, document } = this.#input;
    const pointer = pointerOf(path);
    const variable = variables.get(pointer);
    if (variable !== undefined) return `env ${variable}`;
    const reference = interpolated.references.get(pointer);
    if (reference !== undefined) return reference;
    if (!isIn(interpolated.value, path)) return 'default';
    return `${document.file}:${document.positionOf(document.spanOf(path, 'value').start).line}`;
  }
}

function isIn(root: unknown, path: KeyPath): boolean {
  let node = root;
  for (const step of path) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, step)) return false;
    node = (node as Readonly<Record<string | number, unknown>>)[step];
  }
  return true;
}
