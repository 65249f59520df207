// Lets V8 inline more in the functions that see every byte. The scanner of src/decode is many small functions by choice; with
// V8's default budget some stay calls, and a record costs 1.2-1.3 times a bare JSON.parse instead of 1.0 (bench row `ingest`).

import { setFlagsFromString } from 'node:v8';

/** Called once, before anything is hot; only what is optimised afterwards is affected. */
export function tuneV8(): void {
  setFlagsFromString('--max-inlined-bytecode-size=1000');
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=4000');
}
