// Whether a subscription is hopeless: told to a client when it subscribes, so that a wrong filter does not look like a quiet one.

import type { Filter } from '../topic/filter.js';
import type { Grants } from './grants.js';

/**
 * Whether a subscription could ever get anything: computed from grants and filter alone, never from what exists, so that
 * it tells nothing about paths. `none` is certain; `some` may still be less than hoped for where denies add up.
 */
export function rightsOn(grants: Grants, filter: Filter): 'some' | 'none' {
  const denied = grants.list.filter((grant) => grant.effect === 'deny');
  for (const grant of grants.list) {
    if (grant.effect !== 'allow') continue;
    const reach = commonPart(grant.filter, filter);
    if (reach !== undefined && !denied.some((deny) => covers(deny.filter, reach))) return 'some';
  }
  return 'none';
}

/** Segments of the filter that matches exactly what both match; undefined = nothing. */
function commonPart(a: Filter, b: Filter): readonly string[] | undefined {
  const left = a.split('/');
  const right = b.split('/');
  const common: string[] = [];
  for (let i = 0; ; i++) {
    if (left[i] === '**') return [...common, ...right.slice(i)];
    if (right[i] === '**') return [...common, ...left.slice(i)];
    const mine = left[i];
    const theirs = right[i];
    if (mine === undefined || theirs === undefined) return mine === theirs ? common : undefined;
    if (mine !== '*' && theirs !== '*' && mine !== theirs) return undefined;
    common.push(mine === '*' ? theirs : mine);
  }
}

/** Whether `outer` matches everything that the filter with these segments matches. */
function covers(outer: Filter, inner: readonly string[]): boolean {
  const wanted = outer.split('/');
  for (const [i, segment] of wanted.entries()) {
    if (segment === '**') return true;
    const given = inner[i];
    if (given === undefined || given === '**') return false;
    if (segment !== '*' && segment !== given) return false;
  }
  return wanted.length === inner.length;
}
