// WebSocket close codes that Tailrace sends. The range alone tells a client what to do: PROTOCOL.md P36.
//
//   1000-1015  RFC 6455, each with its own meaning        4000-4499  connect again (with back-off)
//                                                         4500-4999  do not connect again before something is changed

/** Direction: server to client. */
export const CloseCode = {
  /** The client said good-bye and we answer with the same. */
  Normal: 1000,
  /** A binary message on a subprotocol of text. */
  UnsupportedData: 1003,
  /** More fragments or buffered chunks than any honest client sends (sent by ws). */
  PolicyViolation: 1008,
  /** A message over `limits.maxMessageBytes` (sent by ws). */
  TooBig: 1009,
  /** A bug of ours; the log has it. */
  InternalError: 1011,
  /** This process stops; another, or the next, takes the session. */
  Restart: 1012,
  /** Not now: too many sessions, or keys to check a token with could not be had. */
  Overloaded: 1013,
  /** The token expired, and no new one came within the grace. */
  TokenExpired: 4005,
  /** What was sent was not read in time. */
  Slow: 4008,
  /** The server lost what it knew about this session's data. */
  StateLost: 4010,
  /** Nothing was heard of the client, not even an answer to a ping. */
  NoPong: 4012,
  /** More commands than `limits.inboundPerSecond`. */
  RateLimited: 4013,
  /** The token was refused, or belongs to somebody else than the session. */
  BadToken: 4500,
  /** What arrived is not this protocol. */
  ProtocolError: 4501,
  /** No `auth` within `limits.authTimeoutMs`. */
  AuthTimeout: 4502,
  /** An operator ended the session. */
  Kicked: 4503,
  /** Too many sessions of this principal. */
  ConnectionLimit: 4504,
  /** Nothing of what was asked for will ever be allowed to this principal. */
  NotPermitted: 4507,
  /** The server does not speak this version. */
  UnsupportedVersion: 4508,
} as const;

export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

/** Whether a client may connect again by itself after this code. 1005 and 1006 (no code arrived) are cuts: it may. */
export function mayReconnect(code: number): boolean {
  if (code >= 4000) return code < 4500;
  return ![CloseCode.UnsupportedData, CloseCode.PolicyViolation, CloseCode.TooBig].includes(code as never);
}
