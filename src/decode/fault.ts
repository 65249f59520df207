// Why bytes were refused as a value: a closed list, because operators count and alarm on these. Where they go is src/ingest.

import type { JsonFault } from '../json/fault.js';

/** Code of a refused key or value; a metric label, so never made of data. */
export type DecodeFault =
  | JsonFault
  /** Not framed for a schema registry: the bytes do not begin with 0 and the number of a schema. */
  | 'framing'
  /** The registry says that it has no schema of that number. */
  | 'unknown-schema'
  /** The schema is of another type than the format, is faulty itself, or cannot be read as the reader's schema says. */
  | 'schema-mismatch'
  /**
   * The bytes are not what their schema says: cut off, too long, or refused by its rules. Or an envelope is none: an event
   * without a required attribute, several events in one record, a change without operation or without row.
   */
  | 'invalid'
  /** A change holds a placeholder where the database did not tell a column's value. */
  | 'value-unavailable'
  /** All rows of a table went at once: which ones that were it does not say. */
  | 'truncate';
