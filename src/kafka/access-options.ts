// The options that say where a cluster is and who asks: their schema, which is also their documentation, for whatever speaks to Kafka.

import { ADDRESSES_PATTERN, brokerAddresses } from './address.js';
import type { ClusterSettings } from './cluster.js';
import type { SaslSettings } from './sasl.js';

/** As written in a configuration. */
export interface KafkaAccess {
  readonly brokers: string | readonly string[];
  readonly tls?: boolean | TlsOptions;
  readonly sasl?: SaslSettings;
}

/** PEM texts. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
}

const addresses = {
  type: 'string',
  pattern: ADDRESSES_PATTERN,
  mustBe: 'an address host:port (or [::1]:port) with a port from 1 to 65535, several separated by commas',
};
const text = { type: 'string', minLength: 1 };

const BROKERS = {
  description:
    'Addresses `host:port` of some brokers of the cluster, as a list or as one text with commas between; the others are found through them.',
  anyOf: [addresses, { type: 'array', minItems: 1, items: addresses }],
  examples: [['kafka-1:9092', 'kafka-2:9092'], 'kafka-1:9092,kafka-2:9092'],
};

const TLS = {
  description:
    'true: TLS with the authorities that the system trusts; an object: PEM texts and the name to expect. Files that change are taken up without reading anew.',
  default: false,
  oneOf: [
    { type: 'boolean' },
    {
      type: 'object',
      additionalProperties: false,
      dependentRequired: { cert: ['key'], key: ['cert'] },
      properties: {
        ca: {
          description: 'Authorities to trust, PEM. Left out: those of the system.',
          type: 'string',
          examples: [{ file: '/etc/tailrace/kafka-ca.pem' }],
        },
        cert: {
          description: 'Client certificate with its chain, PEM, for a listener that asks for one.',
          type: 'string',
          examples: [{ file: '/etc/tailrace/client.pem' }],
        },
        key: {
          description: 'Private key of the client certificate, PEM, without a passphrase.',
          type: 'string',
          writeOnly: true,
          examples: [{ file: '/etc/tailrace/client.key' }],
        },
        servername: {
          description: 'Name that the certificate must be for. Left out: the host.',
          type: 'string',
        },
      },
    },
  ],
};

/** Which of the members each mechanism takes. */
const MECHANISMS = {
  plain: { needs: ['username', 'password'], takes: [] },
  'scram-sha-256': { needs: ['username', 'password'], takes: [] },
  'scram-sha-512': { needs: ['username', 'password'], takes: [] },
  oauthbearer: {
    needs: ['tokenUrl', 'clientId', 'clientSecret'],
    takes: ['scope', 'audience', 'parameters', 'extensions', 'ca'],
  },
  'aws-msk-iam': { needs: ['region'], takes: ['roleArn', 'profile'] },
} as const;

const SASL = {
  description: 'How to log in. Left out: not at all.',
  type: 'object',
  additionalProperties: false,
  required: ['mechanism'],
  properties: {
    mechanism: {
      description:
        'What the listener offers: `plain` and `scram-…` with a user name and a password, `oauthbearer` with a token from `tokenUrl`, `aws-msk-iam` with what AWS knows this process as.',
      enum: Object.keys(MECHANISMS),
    },
    username: { ...text, description: 'User name (Confluent Cloud: the API key).' },
    password: {
      ...text,
      writeOnly: true,
      description: 'Password (Confluent Cloud: the API secret). Never in the file itself.',
      examples: [{ env: 'KAFKA_PASSWORD' }],
    },
    tokenUrl: {
      ...text,
      pattern: '^https?://[^\\s]+$',
      mustBe: 'a URL that begins with https://',
      description:
        'Where tokens are had, by the client credentials grant (RFC 6749). Renewed before they expire.',
      examples: ['https://idp.example/oauth2/token'],
    },
    clientId: { ...text, description: 'Client id for `tokenUrl`.' },
    clientSecret: {
      ...text,
      writeOnly: true,
      description: 'Client secret for `tokenUrl`. Never in the file itself.',
      examples: [{ env: 'KAFKA_CLIENT_SECRET' }],
    },
    scope: { ...text, description: 'Scope to ask for; several separated by spaces.' },
    audience: { ...text, description: 'Audience to ask for, at issuers that want to know.' },
    parameters: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Further parameters of the request for a token.',
      examples: [{ resource: 'kafka' }],
    },
    extensions: {
      type: 'object',
      additionalProperties: { type: 'string', pattern: '^[^\\u0001]*$' },
      propertyNames: { pattern: '^[A-Za-z]+$' },
      description: 'SASL extensions that are shown to the broker with the token.',
      examples: [{ logicalCluster: 'lkc-1a2b3c', identityPoolId: 'pool-4d5e' }],
    },
    ca: { ...text, description: 'Authorities to trust at `tokenUrl`, PEM. Left out: those of the system.' },
    region: { ...text, description: 'AWS region of the cluster.', examples: ['eu-central-1'] },
    roleArn: {
      ...text,
      pattern: '^arn:[^\\s]+$',
      mustBe: 'the ARN of a role, such as arn:aws:iam::123456789012:role/reader',
      description: 'Role to assume. Left out: what the environment, the profile or the instance gives.',
    },
    profile: {
      ...text,
      description: 'Profile of the AWS configuration file to take credentials from; not with `roleArn`.',
    },
  },
  allOf: Object.entries(MECHANISMS).map(([mechanism, { needs, takes }]) => ({
    if: { properties: { mechanism: { const: mechanism } }, required: ['mechanism'] },
    then: {
      required: needs,
      additionalProperties: false,
      properties: Object.fromEntries(['mechanism', ...needs, ...takes].map((name) => [name, true])),
      ...(mechanism === 'aws-msk-iam' && { not: { required: ['roleArn', 'profile'] } }),
    },
  })),
};

/** Properties of a JSON Schema (2020-12). `mustBe` is the sentence for a value that does not fit. */
export const ACCESS_OPTIONS = { brokers: BROKERS, tls: TLS, sasl: SASL } as const;

export function accessSettings({
  brokers,
  tls = false,
  sasl,
}: KafkaAccess): Pick<ClusterSettings, 'brokers' | 'tls' | 'sasl'> {
  return {
    brokers: brokerAddresses(brokers),
    ...(tls !== false && { tls }),
    ...(sasl !== undefined && { sasl }),
  };
}
