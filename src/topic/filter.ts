// Filters: a path with wildcards. `*` stands for exactly one segment, `**` (last segment only) for any number, none included.

import { faultOfSegment, MAX_PATH_BYTES, MAX_PATH_SEGMENTS, type PathFault, type TopicPath } from './path.js';

declare const filter: unique symbol;

/** A canonical filter, made only by {@link parseFilter}. Every path is also a filter. */
export type Filter = string & { readonly [filter]: true };

export type FilterFault =
  PathFault | 'has "**" before the last segment' | 'mixes a wildcard with other characters';

export type ParsedFilter =
  { readonly ok: true; readonly filter: Filter } | { readonly ok: false; readonly fault: FilterFault };

export function parseFilter(text: string): ParsedFilter {
  const fault = faultOfFilter(text);
  return fault === undefined ? { ok: true, filter: text as Filter } : { ok: false, fault };
}

/** Matches in time linear in the path. The oracle of the subscription index, and the last word where there is no index. */
export function matches(filter: Filter, path: TopicPath): boolean {
  const wanted = filter.split('/');
  const given = path.split('/');
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === '**') return true;
    if (i >= given.length) return false;
    if (wanted[i] !== '*' && wanted[i] !== given[i]) return false;
  }
  return wanted.length === given.length;
}

/** Whether some path matches both filters: decides which rules can matter to a subscription, and whether sources collide. */
export function intersects(a: Filter, b: Filter): boolean {
  const left = a.split('/');
  const right = b.split('/');
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i++) {
    if (left[i] === '**' || right[i] === '**') return true;
    if (left[i] !== '*' && right[i] !== '*' && left[i] !== right[i]) return false;
  }
  return left.length === right.length || (left[shared] ?? right[shared]) === '**';
}

function faultOfFilter(text: string): FilterFault | undefined {
  if (text === '') return 'is empty';
  if (Buffer.byteLength(text, 'utf8') > MAX_PATH_BYTES) return 'is longer than 255 bytes';
  if (!text.isWellFormed()) return 'has a lone surrogate';
  const segments = text.split('/');
  if (segments.length > MAX_PATH_SEGMENTS) return 'has more than 32 segments';
  for (const [index, segment] of segments.entries()) {
    if (segment === '*') continue;
    if (segment === '**') {
      if (index < segments.length - 1) return 'has "**" before the last segment';
      continue;
    }
    if (segment.includes('*')) return 'mixes a wildcard with other characters';
    const fault = faultOfSegment(segment);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
