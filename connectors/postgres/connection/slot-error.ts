// Why a slot cannot be made, dropped or streamed from, as an error of the contract. What the same SQLSTATE means depends on what was
// asked for.

import { HistoryLost, OptionsRejected, SourceUnavailable } from '../../contract.js';
import { contractError, StatementRefused } from './access-error.js';

export type SlotWork =
  | { readonly doing: 'create' | 'drop'; readonly slot: string }
  /** `hasBegun`: the server had accepted the slot. */
  | {
      readonly doing: 'stream';
      readonly slot: string;
      readonly publication: string;
      readonly hasBegun: boolean;
    };

export function slotError(error: unknown, work: SlotWork): unknown {
  if (!(error instanceof StatementRefused)) return error;
  switch (work.doing) {
    case 'create':
      return creationError(error, work.slot) ?? contractError(error);
    case 'drop':
      return (error.sqlState === '55006' ? inUse(error, work.slot) : undefined) ?? contractError(error);
    case 'stream':
      return (
        (work.hasBegun ? endError(error, work.publication) : startError(error, work.slot)) ??
        contractError(error)
      );
  }
}

function creationError(error: StatementRefused, slot: string): Error | undefined {
  const { sqlState, message } = error;
  const options = { cause: error };
  switch (sqlState) {
    case '55000':
      return new OptionsRejected(
        `${message}; what it needs: ALTER SYSTEM SET wal_level = logical; and a restart of the server (Amazon RDS: rds.logical_replication = 1; Cloud SQL: cloudsql.logical_decoding = on)`,
        options,
      );
    case '53400':
      return new SourceUnavailable(
        `${message}; see who has them: SELECT slot_name, active, temporary FROM pg_replication_slots; then raise max_replication_slots, or drop those that nobody needs`,
        options,
      );
    case '42710':
      return new SourceUnavailable(
        `${message}; somebody else made slot ${slot} meanwhile: each source needs a slot of its own`,
        options,
      );
    case '0A000':
      return new SourceUnavailable(`${message}; changes are read from the primary`, options);
    default:
      return undefined;
  }
}

function startError(error: StatementRefused, slot: string): Error | undefined {
  const { sqlState, message } = error;
  const options = { cause: error };
  switch (sqlState) {
    case '42704':
      return new HistoryLost(
        `${message}; slot ${slot} was dropped, so that what came after is not known`,
        options,
      );
    case '55000':
    case '58P01':
      return new HistoryLost(
        `${message}; the server has given up slot ${slot}, or WAL that it needs: it kept more than max_slot_wal_keep_size allows`,
        options,
      );
    case '55006':
      return inUse(error, slot);
    default:
      return undefined;
  }
}

/** In the middle of the stream, where an object that is missing is the publication. */
function endError(error: StatementRefused, publication: string): Error | undefined {
  const { sqlState, message } = error;
  const options = { cause: error };
  switch (sqlState) {
    case '42704':
      return unpublishedChanges(error, publication);
    case '58P01':
      return new HistoryLost(`${message}; WAL was removed that had not been read`, options);
    default:
      return undefined;
  }
}

/**
 * Undefined: it concerns nobody. From Postgres 18 on a stream only warns (55000) that it leaves changes out, because the publication did
 * not exist when they were made; before, it could not go on (42704).
 */
export function remarkError(remark: StatementRefused, publication: string): HistoryLost | undefined {
  return ['42704', '55000'].includes(remark.sqlState) ? unpublishedChanges(remark, publication) : undefined;
}

function unpublishedChanges(error: StatementRefused, publication: string): HistoryLost {
  return new HistoryLost(
    `${error.message}; changes were made while publication ${publication} did not exist, and these are not published`,
    { cause: error },
  );
}

function inUse(error: StatementRefused, slot: string): SourceUnavailable {
  return new SourceUnavailable(
    `${error.message}; somebody else reads slot ${slot}: SELECT pid, application_name, client_addr FROM pg_stat_replication; each source needs a slot of its own`,
    { cause: error },
  );
}
