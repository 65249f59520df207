// Every code with which a record can be rejected, as a list at run time: what a test may expect. The compiler keeps it whole.

import type { RejectionCode } from '../ingest/rejection.js';

const CODES: Readonly<Record<RejectionCode, true>> = {
  syntax: true,
  utf8: true,
  depth: true,
  size: true,
  keys: true,
  'duplicate-key': true,
  'proto-key': true,
  number: true,
  framing: true,
  'unknown-schema': true,
  'schema-mismatch': true,
  invalid: true,
  'value-unavailable': true,
  truncate: true,
  'field-missing': true,
  'field-null': true,
  'field-not-scalar': true,
  'field-fraction': true,
  'field-empty': true,
  'field-not-text': true,
  'path-too-long': true,
  'condition-failed': true,
  'expression-failed': true,
  'not-an-array': true,
  'too-many-elements': true,
  'rename-conflict': true,
  'two-rules-one-path': true,
  'no-key': true,
  contended: true,
  'too-many-paths': true,
};

export const REJECTION_CODES = Object.keys(CODES) as RejectionCode[];
