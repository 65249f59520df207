// From the name of a topic to the name of its source and the beginning of its paths: readable, and never the same for two.

import { intersects, type Filter } from '../../topic/filter.js';

/** Fits the form that the configuration asks for. */
export function sourceNames(topics: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const topic of topics) {
    const plain = topic.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '');
    const name = (/^[A-Za-z]/.test(plain) ? plain : `topic-${plain}`).slice(0, LONGEST_NAME);
    let free = name;
    for (let count = 2; taken.has(free); count++) free = `${name.slice(0, LONGEST_NAME - 5)}-${count}`;
    taken.add(free);
    names.set(topic, free);
  }
  return names;
}

const LONGEST_NAME = 63;

export interface TopicPaths {
  readonly topic: string;
  /** What follows the topic in its paths: `{key}`. */
  readonly rest: string;
}

/**
 * A path for each topic, dots as slashes: `fx.quotes` -> `fx/quotes/{key}`. Where it could then meet the paths of another one, the name
 * stays in one piece: no other topic's path begins so.
 */
export function pathsOf(topics: readonly TopicPaths[]): Map<string, string> {
  const paths = new Map<string, string>();
  // Those without a dot can begin in no other way, so that they come first.
  const ordered = [...topics].sort((a, b) => Number(a.topic.includes('.')) - Number(b.topic.includes('.')));
  for (const { topic, rest } of ordered) {
    const words = topic.split('.');
    const split = `${words.join('/')}/${rest}`;
    const isFree = [...paths.values()].every((other) => !intersects(patternOf(split), patternOf(other)));
    paths.set(topic, isFree && !words.includes('') ? split : `${topic}/${rest}`);
  }
  return paths;
}

function patternOf(path: string): Filter {
  return path.replace(/\{[^}]*\}/g, '*') as Filter;
}
