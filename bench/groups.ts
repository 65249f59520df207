// All rows, in the order in which they are run and shown.

import type { RowGroup } from './row.js';
import { codecsRow } from './rows/codecs.js';
import { documents } from './rows/documents.js';
import { everything } from './rows/everything.js';
import { idleSessions } from './rows/idle.js';
import { indexRow } from './rows/index.js';
import { ingestRow } from './rows/ingest.js';
import { intakeRow } from './rows/intake.js';
import { joins } from './rows/joins.js';
import { onePath } from './rows/one-path.js';
import { postgresRows } from './rows/postgres.js';
import { registryFormats } from './rows/registry-formats.js';
import { restRow } from './rows/rest.js';
import { slowClients } from './rows/slow-clients.js';
import { subsetsOfPaths } from './rows/subsets.js';

export const BENCH_GROUPS: readonly RowGroup[] = [
  onePath,
  subsetsOfPaths,
  everything,
  ingestRow,
  codecsRow,
  intakeRow,
  registryFormats,
  postgresRows,
  restRow,
  indexRow,
  idleSessions,
  documents,
  joins,
  slowClients,
];
