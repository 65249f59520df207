// Regular expressions that come from schemas, with an end to what they cost: `^(a+)+$` on 40 letters would stop everything for
// hours. V8 has an engine that is linear in the text; told so, it changes over to it after many steps back.

import { setFlagsFromString } from 'node:v8';

/** What the linear engine does not know (Unicode properties) runs on the other one, like look-ahead and back-references. */
const NEEDS_UNICODE = /\\[pP]\{|\\u\{/;

let isBounded = false;

/** In the shape that ajv asks for. Without the flag `u`, which the linear engine refuses: `.` is one UTF-16 unit. */
export const boundedPattern = Object.assign(
  (pattern: string): RegExp => {
    if (!isBounded) {
      setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
      isBounded = true;
    }
    return new RegExp(pattern, NEEDS_UNICODE.test(pattern) ? 'u' : '');
  },
  { code: 'new RegExp' },
);
