// Which web pages may reach the server from a browser. Exact comparison only: prefixes, suffixes and wildcards are how
// cross-site WebSocket hijacking gets in.

/** `absent`: not a browser, or a page of this very server asking by GET. */
export type OriginCheck = 'absent' | 'allowed' | 'refused';

/** `allowed` holds `scheme://host[:port]`, as browsers write them. Several `Origin` headers arrive joined, and match nothing. */
export function checkOrigin(header: string | undefined, allowed: ReadonlySet<string>): OriginCheck {
  if (header === undefined) return 'absent';
  return allowed.has(header) ? 'allowed' : 'refused';
}

/** The token of an `Authorization: Bearer` header; null: a header of another form. */
export function bearerToken(header: string | undefined): string | undefined | null {
  if (header === undefined) return undefined;
  return /^bearer +(\S+)$/i.exec(header)?.[1] ?? null;
}
