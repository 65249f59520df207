// A session in which every value is text and refusals are those of the sources' own sessions, on a connection of a test.

import pg from 'pg';

import type { Sql } from '../../../connectors/postgres/catalog/catalog.js';
import { StatementRefused } from '../../../connectors/postgres/connection/access-error.js';

export function textSql(client: pg.Client): Sql {
  const types = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig;
  return {
    query: async (text, values = []) => {
      try {
        const { rows } = await client.query<Record<string, string | null>>({
          text,
          values: [...values],
          types,
        });
        return rows;
      } catch (error) {
        if (!(error instanceof pg.DatabaseError)) throw error;
        throw new StatementRefused({ sqlState: error.code ?? '', text: error.message }, { place: 'test' });
      }
    },
  };
}

/** Takes away all that tests make in a database: cheaper than a new one for each. */
export async function emptyDatabase(client: pg.Client): Promise<void> {
  await client.query(`DO $$
    DECLARE name text;
    BEGIN
      FOR name IN SELECT pubname FROM pg_publication LOOP EXECUTE format('DROP PUBLICATION %I', name); END LOOP;
      FOR name IN SELECT nspname FROM pg_namespace WHERE oid >= 16384 OR nspname = 'public' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', name);
      END LOOP;
      CREATE SCHEMA public;
      GRANT USAGE ON SCHEMA public TO PUBLIC;
    END $$`);
}
