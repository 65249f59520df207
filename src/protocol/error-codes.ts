// Codes of errors that are told in band: `{"re":3,"error":{"code","message","retryable"}}`. A client acts on the code and
// on `retryable`; the message is for people, and says nothing about data that the session may not see.

/** Each code, and whether the same command may succeed later without a change. */
export const ERROR_CODES = {
  /** A known command whose fields are missing or of the wrong form. */
  bad_command: { retryable: false },
  /** A filter that is not canonical; the message says why. */
  bad_filter: { retryable: false },
  /** The message is not lines of JSON objects. The connection closes with 4501. */
  bad_message: { retryable: false },
  /** A path that is not canonical. */
  bad_path: { retryable: false },
  /** The token was refused. Why stands in the server's log alone. The connection closes with 4500. */
  bad_token: { retryable: false },
  /** A limit of the session is reached; the message names it. */
  limit: { retryable: false },
  /** There is no value at this path for this session: absent and forbidden look the same. */
  not_found: { retryable: false },
  /** Too many commands. The connection closes with 4013. */
  rate: { retryable: true },
  /** The server could not do it now. */
  unavailable: { retryable: true },
  /** The session comes before anything else: the first message is `auth`. The connection closes with 4501. */
  unauthenticated: { retryable: false },
  /** No command of this protocol has this name. */
  unknown_command: { retryable: false },
  /** The session has no subscription of this number. */
  unknown_subscription: { retryable: false },
  /** A part of the protocol that this server does not have. */
  unsupported: { retryable: false },
} as const satisfies Readonly<Record<string, { readonly retryable: boolean }>>;

export type ErrorCode = keyof typeof ERROR_CODES;
