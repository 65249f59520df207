// The options of a push source: their schema, which is also their documentation, and their meaning resolved once.

import { parseDuration } from '../../src/units.js';

/** As written in the configuration, defaults filled in. */
export interface PushOptions {
  readonly token?: string;
  readonly maxBodyBytes?: number;
  readonly recordsPerRequest?: number;
  readonly maxWaitingBytes?: number;
  readonly idempotencyKeys?: number;
  readonly idempotencyFor?: string;
}

/** Resolved. */
export interface PushSettings {
  readonly token: string | undefined;
  readonly maxBodyBytes: number;
  readonly recordsPerRequest: number;
  readonly maxWaitingBytes: number;
  readonly idempotencyKeys: number;
  readonly idempotencyMs: number;
}

const MIB = 1024 * 1024;

/** JSON Schema 2020-12. */
export const PUSH_OPTIONS = {
  description:
    'Records that your own systems send by HTTP, `POST /v1/push/<name of the source>` on the admin port. Nothing is kept over a restart: senders send again.',
  type: 'object',
  additionalProperties: false,
  properties: {
    token: {
      description:
        'What senders have as bearer token, at least 16 visible ASCII characters; the admin token is not accepted then. Left out: the admin token.',
      type: 'string',
      minLength: 16,
      pattern: '^[!-~]+$',
      writeOnly: true,
      examples: [{ env: 'PUSH_TOKEN' }, { file: '/run/secrets/push' }],
    },
    maxBodyBytes: {
      description: 'Largest body of one request; a larger one is refused (413) before it is read to its end.',
      type: 'integer',
      minimum: 1024,
      maximum: 8 * MIB,
      default: MIB,
    },
    recordsPerRequest: {
      description: 'Most records of one request; one with more is refused (413) as a whole.',
      type: 'integer',
      minimum: 1,
      maximum: 100_000,
      default: 10_000,
    },
    maxWaitingBytes: {
      description:
        'About how much memory requests that wait for their answer may take: their bodies, and 16 KiB for each request, 512 bytes for each record and 256 for each header. What does not fit is refused (503); a request that waits alone always fits.',
      type: 'integer',
      minimum: MIB,
      maximum: 1024 * MIB,
      default: 16 * MIB,
    },
    idempotencyKeys: {
      description:
        'How many answers are remembered under their `Idempotency-Key`; of more, the oldest are forgotten.',
      type: 'integer',
      minimum: 0,
      maximum: 1_000_000,
      default: 10_000,
    },
    idempotencyFor: {
      description: 'How long an answer is remembered. Not over a restart.',
      type: 'string',
      pattern: '^[0-9]{1,6}(ms|s|m|h)$',
      default: '10m',
    },
  },
} as const;

export function pushSettings(options: PushOptions): PushSettings {
  const { properties } = PUSH_OPTIONS;
  return {
    token: options.token,
    maxBodyBytes: options.maxBodyBytes ?? properties.maxBodyBytes.default,
    recordsPerRequest: options.recordsPerRequest ?? properties.recordsPerRequest.default,
    maxWaitingBytes: options.maxWaitingBytes ?? properties.maxWaitingBytes.default,
    idempotencyKeys: options.idempotencyKeys ?? properties.idempotencyKeys.default,
    idempotencyMs: parseDuration(options.idempotencyFor ?? properties.idempotencyFor.default) ?? 0,
  };
}
