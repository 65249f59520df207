// What a file of this folder exports for the connector whose name it has: its harnesses, one for each kind of upstream that
// makes it promise something else.

import type { ConnectorHarness } from '../../../connectors/kit/harness.js';

export interface TestedConnector {
  /** By what is read: `a compacted topic`. */
  readonly harnesses: Readonly<Record<string, ConnectorHarness>>;
  /** The cases that are left out, as the kit names them before the colon: nobody leaves one out unseen. */
  readonly leftOut: Readonly<Record<string, readonly string[]>>;
  /** Before the first upstream is made. */
  open(): Promise<void>;
  close(): Promise<void>;
}
