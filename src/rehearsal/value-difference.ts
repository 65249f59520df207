// Where two JSON values differ, member by member: what a person has to look at, not both values whole.

import { equal } from '../diff/equal.js';
import { isObject, type Json } from '../topic/json.js';

export interface ValueDifference {
  /** JSON pointer; '' is the whole value. */
  readonly at: string;
  /** undefined: it should not be there. */
  readonly expected: Json | undefined;
  /** undefined: it is not there. */
  readonly got: Json | undefined;
}

/** In the order of the expected members, then those that are too many. Empty: they are equal. */
export function differencesOf(expected: Json | undefined, got: Json | undefined, at = ''): ValueDifference[] {
  if (expected !== undefined && got !== undefined) {
    if (equal(expected, got)) return [];
    if (isContainer(expected) && isContainer(got) && Array.isArray(expected) === Array.isArray(got)) {
      const members = new Set([...Object.keys(expected), ...Object.keys(got)]);
      return [...members].flatMap((name) =>
        differencesOf(memberOf(expected, name), memberOf(got, name), `${at}/${tokenOf(name)}`),
      );
    }
  }
  return [{ at, expected, got }];
}

type Container = Readonly<Record<string, Json>> | readonly Json[];

function isContainer(value: Json): value is Container {
  return Array.isArray(value) || isObject(value);
}

function memberOf(container: Container, name: string): Json | undefined {
  return Object.hasOwn(container, name) ? (container as Readonly<Record<string, Json>>)[name] : undefined;
}

function tokenOf(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
