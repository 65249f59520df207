// What tests of sessions start from: access by URL, and what a session was refused with.

import type { AccessOptions } from '../../../connectors/postgres/connection/access-options.js';
import { accessSettings, type Access, type Timings } from '../../../connectors/postgres/connection/access.js';
import { openReplication } from '../../../connectors/postgres/connection/replication-session.js';
import { openSql, type SqlSession } from '../../../connectors/postgres/connection/sql-session.js';

/** About 1/20 of what a server gets in earnest. */
export const FAST: Timings = { reportMs: 400, deadAfterMs: 1_200 };

export function accessTo(
  url: string,
  { timings = FAST, ...options }: Partial<AccessOptions> & { readonly timings?: Timings } = {},
): Access {
  return { settings: accessSettings({ url, connectTimeout: '5s', ...options }), timings };
}

export const unaborted = (): AbortSignal => new AbortController().signal;

/** Opens and closes a session; the error that this ended in. */
export async function refusalOf(access: Access, kind: 'sql' | 'replication' = 'sql'): Promise<Error> {
  try {
    const session = await (kind === 'sql' ? openSql : openReplication)(access, unaborted());
    await session.close();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was let in');
}

export async function withSql<T>(access: Access, use: (sql: SqlSession) => Promise<T>): Promise<T> {
  const sql = await openSql(access, unaborted());
  try {
    return await use(sql);
  } finally {
    await sql.close();
  }
}
