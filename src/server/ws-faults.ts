// What ws reports when bytes on a socket are not the WebSocket protocol, or pass its limits: as close codes, and as limits hit.

import { CloseCode } from '../protocol/close-codes.js';
import type { ServerLimit } from './traffic.js';

export interface WsFault {
  /** The code with which ws closes by itself. */
  readonly code: number;
  /** Name of the fault, without anything that the peer sent. */
  readonly name: string;
  readonly limit: ServerLimit | undefined;
}

/** RFC 6455 section 7.4.1. */
const PROTOCOL_FAULT = 1002;
const INVALID_PAYLOAD = 1007;

const FAULTS: Readonly<Record<string, { readonly code: number; readonly limit?: ServerLimit }>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: { code: CloseCode.TooBig, limit: 'message' },
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: { code: CloseCode.TooBig, limit: 'message' },
  WS_ERR_TOO_MANY_BUFFERED_PARTS: { code: CloseCode.PolicyViolation, limit: 'fragments' },
  WS_ERR_INVALID_UTF8: { code: INVALID_PAYLOAD },
};

export function faultOfWs(error: Error): WsFault {
  const name = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  const known = FAULTS[name];
  return { code: known?.code ?? PROTOCOL_FAULT, name, limit: known?.limit };
}
