// Which topics a source reads: names, and patterns in which `*` stands for any run of characters. Regular expressions are not
// taken: with `*` alone, matching is linear whatever is written.

import { nearNames } from './near-names.js';
import type { ClusterMetadata, TopicMetadata } from '../../src/kafka/metadata.js';

export interface TopicChoice {
  /** Names to ask the cluster for; undefined when there is a pattern: all. */
  readonly names: readonly string[] | undefined;
  wants(topic: Pick<TopicMetadata, 'topic' | 'isInternal'>): boolean;
  /** Names, not patterns, that the cluster does not have. */
  missing(metadata: ClusterMetadata): readonly string[];
}

export function topicChoice(written: readonly string[]): TopicChoice {
  const names = new Set(written.filter((each) => !each.includes('*')));
  const patterns = written.filter((each) => each.includes('*'));
  return {
    names: patterns.length === 0 ? [...names] : undefined,
    wants: ({ topic, isInternal }) =>
      names.has(topic) || (!isInternal && patterns.some((pattern) => matches(pattern, topic))),
    missing: (metadata) =>
      [...names].filter((name) => (metadata.topics.get(name)?.partitions.length ?? 0) === 0),
  };
}

/** Whether `text` is `pattern` with every `*` replaced by some run of characters. Leftmost pieces first, never going back. */
export function matches(pattern: string, text: string): boolean {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return text === head;
  if (!text.startsWith(head) || !text.endsWith(tail) || text.length < head.length + tail.length) return false;
  let at = head.length;
  const end = text.length - tail.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

/** One sentence about names that do not exist, with existing ones that look like them. */
export function missingTopicsText(missing: readonly string[], existing: Iterable<string>): string {
  const known = [...existing];
  const parts = missing.map((name) => {
    const near = nearNames(name, known);
    return near.length === 0 ? name : `${name} (did you mean ${near.join(' or ')}?)`;
  });
  return `there is no topic ${parts.join(', nor ')}; create it, or check the name and what this user may see`;
}
