// What the server sent is not what the protocol allows: a fault of ours, of a proxy, or of a server that is none.

import { OptionsRejected } from '../../contract.js';

/**
 * Bytes of the server that cannot be read. Nothing was guessed from them, and reading them again gives the same. The message holds no
 * data.
 */
export class ProtocolFault extends Error {
  override readonly name = 'ProtocolFault';

  constructor(
    /** What is wrong: `the message ends within a column`. */
    readonly what: string,
    /** Offset of the byte at which it shows, within the message or the chunk of lines. */
    readonly at: number,
    /** `public.orders.total`, where the fault lies in the text of a value. */
    readonly column?: string,
  ) {
    super(
      `cannot read what Postgres sent: ${what} at byte ${at}${column === undefined ? '' : ` (${column})`}`,
    );
  }
}

/**
 * As an error of the contract: the source stops, or asks now and then whether it is so still, because to read the same again at once would
 * only read it again. Other errors come back as they are.
 */
export function faultError(error: unknown): unknown {
  if (!(error instanceof ProtocolFault)) return error;
  return new OptionsRejected(
    `${error.message}: this server is not supported, or there is a bug in Tailrace`,
    {
      cause: error,
    },
  );
}
