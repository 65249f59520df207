// The name under which this wire is agreed in the WebSocket handshake. Another shape of the wire has another name.

/** Text messages of newline-separated JSON lines; PROTOCOL.md. */
export const SUBPROTOCOL_JSON = 'tailrace.v1.json';

/** Whether a `Sec-WebSocket-Protocol` header (comma-separated, RFC 6455 section 4.1) offers the subprotocol. */
export function offersSubprotocol(header: string | undefined): boolean {
  return header !== undefined && header.split(',').some((name) => name.trim() === SUBPROTOCOL_JSON);
}
