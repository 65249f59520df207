// Views: what is seen of a path's value by all who share a decision and an intent. Plain data and a pure function; equal
// views are the same object, whatever path, rule or policy they come from, so that they share streams and bytes.

import type { Json } from '../topic/json.js';
import type { Decision } from './decide.js';
import { Interner } from './interner.js';
import { parsePointer, type Pointer } from '../topic/pointer.js';
import { minimal } from './pointer-set.js';
import { pick, treeOf, without } from './projection.js';

/** What a client may ask for beside its filter. */
export interface IntentRequest {
  /** JSON pointers, checked already; undefined = the whole value. */
  readonly fields: readonly string[] | undefined;
  readonly times: boolean;
}

/** An {@link IntentRequest} in canonical form. Interned by one {@link IntentTable}. */
export interface Intent {
  /** The wire's number of it: 0 = everything; never given twice by one table. */
  readonly n: number;
  readonly canonical: string;
  /** Canonical; undefined = the whole value. An empty list selects nothing of every object. */
  readonly fields: readonly Pointer[] | undefined;
  /** Whether each change is told with its event time: no part of what is seen, but of the bytes that are shared. */
  readonly times: boolean;
  /** The views with this intent; use {@link viewOf}. They live as long as somebody holds them. */
  readonly views: Interner<View>;
  /** Gives the next view of the table its id. */
  readonly nextViewId: () => number;
}

export interface View {
  /** Unique within the intent table, never given twice. */
  readonly id: number;
  readonly canonical: string;
  readonly hide: readonly Pointer[];
  readonly intent: Intent;
  /** Whether it shows every value as it is: then the value's own bytes can be sent. */
  readonly isIdentity: boolean;
  /**
   * The value as this view shows it; undefined = absent, to be treated like a deleted path: fields of something that is no
   * object. Hidden members go first, so fields only ever see what is shown. The identity gives the very same value.
   */
  project(value: Json): Json | undefined;
}

/** Invariant: equal intents that are in use are one object with one number. One table per edge; clients cannot fill it. */
export class IntentTable {
  readonly #intents = new Interner<Intent>();
  #nextIntent = 1;
  #nextView = 1;
  /** Everything, without times: what a subscription asks for that names nothing. */
  readonly whole: Intent = this.#make(0, undefined, false);

  /** Throws a TypeError for what is not a JSON pointer. */
  internIntent({ fields, times }: IntentRequest): Intent {
    const canonical = fields && minimal(fields.map(checked));
    const wanted = canonical?.[0] === '' ? undefined : canonical;
    if (wanted === undefined && !times) return this.whole;
    return this.#intents.intern(canonicalOf(wanted, times), () =>
      this.#make(this.#nextIntent++, wanted, times),
    );
  }

  #make(n: number, fields: readonly Pointer[] | undefined, times: boolean): Intent {
    const nextViewId = (): number => this.#nextView++;
    const views = new Interner<View>();
    return Object.freeze({ n, canonical: canonicalOf(fields, times), fields, times, views, nextViewId });
  }
}

function canonicalOf(fields: readonly Pointer[] | undefined, times: boolean): string {
  return JSON.stringify({ fields, times });
}

function checked(text: string): Pointer {
  const parsed = parsePointer(text);
  if (!parsed.ok) throw new TypeError(`The field "${text}" ${parsed.fault}`);
  return parsed.pointer;
}

/** The view of a decision and an intent; undefined = nothing is seen. Called when a path is born or a right changes. */
export function viewOf(decision: Decision, intent: Intent): View | undefined {
  if (!decision.visible) return undefined;
  const { hide } = decision;
  const canonical = `{"hide":${JSON.stringify(hide)},"intent":${intent.canonical}}`;
  return intent.views.intern(canonical, () => {
    const isIdentity = hide.length === 0 && intent.fields === undefined;
    return Object.freeze({
      id: intent.nextViewId(),
      canonical,
      hide,
      intent,
      isIdentity,
      project: projectionOf(hide, intent.fields),
    });
  });
}

function projectionOf(
  hide: readonly Pointer[],
  fields: readonly Pointer[] | undefined,
): (value: Json) => Json | undefined {
  const hidden = treeOf(hide);
  const wanted = fields === undefined ? undefined : treeOf(fields);
  return (value) => {
    const shown = hidden.size === 0 ? value : without(hidden, value);
    return wanted === undefined ? shown : pick(wanted, shown);
  };
}
