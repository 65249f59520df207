// What a session may see at one moment. The harness takes one when the server writes a message, so that a message that
// was right when it was written stays right while it waits in a network.

import type { Value } from '../oracle/naive-json.js';

export interface Sight {
  /** What the session may see of the path's value, narrowed to the fields asked for; undefined = nothing, as if it did not exist. */
  see(path: string, value: Value, fields: readonly string[] | undefined): Value | undefined;
  /** false: the token has expired or the session is revoked, so no data at all may be written. */
  readonly isLive: boolean;
  /** The world's moment when the server wrote; 0 where there is no world. */
  readonly moment: number;
  /** Text that may stand in nothing that this session is sent. */
  readonly secrets: readonly string[];
}

/** For sessions that may see all there is. */
export const seesEverything: Sight = { see: (_path, value) => value, isLive: true, moment: 0, secrets: [] };
