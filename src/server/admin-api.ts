// What the operator's API answers: the shapes of its documents. That of `GET /v1/status` is admin-status.ts.

/** One thing that must be so before this process should get clients. */
export interface ReadinessCheck {
  readonly name: string;
  readonly isReady: boolean;
  /** For people: `37 % of 2.1 M records`. */
  readonly detail?: string;
}

/** What a reload came to. */
export type ReloadReport =
  /** The configuration is what runs already. */
  | { readonly outcome: 'unchanged' }
  /** It runs now. `changes`: one sentence each, without secrets. */
  | { readonly outcome: 'applied'; readonly changes: readonly string[] }
  /** It has mistakes, or cannot be taken up without a restart: what ran before still runs. */
  | { readonly outcome: 'rejected'; readonly findings: readonly ReloadFinding[] };

export interface ReloadFinding {
  readonly code: string;
  readonly message: string;
  readonly path?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly docs?: string;
}

/** Whatever is refused: `code` for programs, `message` for people. */
export interface ApiError {
  readonly error: { readonly code: ApiErrorCode; readonly message: string };
}

export type ApiErrorCode =
  /** There is no token, or another one. */
  | 'unauthenticated'
  /** The configuration has no token, so that nobody may. */
  | 'not_permitted'
  | 'not_found'
  | 'method_not_allowed'
  | 'too_large'
  /** The body is not what the route takes. */
  | 'malformed'
  /** A form of body that is not read. */
  | 'unsupported'
  /** No room for the body just now. */
  | 'busy'
  /** Too many wrong tokens from this address. */
  | 'rate'
  /** This process cannot do it at all. */
  | 'not_available'
  /** A bug; the log has it. */
  | 'unexpected';

/** An HTTP answer: JSON where `body` is an object, plain text otherwise. */
export interface Answer {
  readonly status: number;
  readonly body: string | object;
  readonly headers?: Readonly<Record<string, string>>;
}

export function refusal(
  status: number,
  error: ApiError['error'],
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const body: ApiError = { error };
  return { status, body, headers };
}
