// A source type with the kinds of options that connectors have, for tests of the configuration. It never reads anything.

import type { SourceType } from '../../connectors/contract.js';

export const streamConnector: SourceType<unknown> = {
  type: 'stream',
  options: {
    type: 'object',
    description: 'A stream that no test connects to.',
    additionalProperties: false,
    required: ['hosts', 'topics'],
    properties: {
      hosts: { type: 'array', items: { type: 'string' }, minItems: 1, description: 'Addresses.' },
      topics: {
        description: 'Names, or a pattern.',
        anyOf: [
          { type: 'array', items: { type: 'string' }, minItems: 1 },
          {
            type: 'object',
            additionalProperties: false,
            required: ['pattern'],
            properties: { pattern: { type: 'string', description: 'Glob.' } },
          },
        ],
      },
      batch: { type: 'integer', minimum: 1, default: 500, description: 'Records per read.' },
      tls: { type: 'boolean', default: false, description: 'Encrypt.' },
      login: {
        type: 'object',
        description: 'Who we are.',
        additionalProperties: false,
        required: ['user', 'password'],
        properties: {
          user: { type: 'string', description: 'Name.' },
          password: { type: 'string', writeOnly: true, description: 'Secret.' },
        },
      },
    },
  },
  create() {
    throw new Error('tests of the configuration create no source');
  },
};

export const otherConnector: SourceType<unknown> = {
  type: 'table',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['url'],
    properties: { url: { type: 'string', description: 'Where.' } },
  },
  create() {
    throw new Error('tests of the configuration create no source');
  },
};

export const CONNECTORS = [streamConnector, otherConnector];
