// The one decision: what the holder of some grants sees of one concrete path. Live delivery, snapshot, resume, fetch and
// explain all call it. Pure; who calls it often keeps its answers by (grants, path), and grants carry the policy's version.

import { matches } from '../topic/filter.js';
import type { TopicPath } from '../topic/path.js';
import type { Grant, Grants } from './grants.js';
import type { Pointer } from '../topic/pointer.js';
import { intersection } from './pointer-set.js';

/** `hide`: canonical; the nodes that the view takes out of the value. */
export type Decision =
  { readonly visible: false } | { readonly visible: true; readonly hide: readonly Pointer[] };

const INVISIBLE: Decision = { visible: false };

/**
 * Visible if no deny matches and some allow does; a node is hidden if every matching allow hides it or something above it.
 * Both are set operations, so the order of the grants cannot matter. `trace` gets every grant that matches.
 */
export function decide(grants: Grants, path: TopicPath, trace?: (matching: Grant) => void): Decision {
  let isDenied = false;
  let hide: readonly Pointer[] | undefined;
  for (const grant of grants.list) {
    if (!matches(grant.filter, path)) continue;
    trace?.(grant);
    switch (grant.effect) {
      case 'deny':
        isDenied = true;
        break;
      case 'allow':
        hide = hide === undefined ? grant.hide : intersection(hide, grant.hide);
        break;
    }
    if (isDenied && trace === undefined) return INVISIBLE;
  }
  return isDenied || hide === undefined ? INVISIBLE : { visible: true, hide };
}
