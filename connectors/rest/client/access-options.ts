// The options that say who asks for a feed: their schema, which is also their documentation.

/** One of its members. */
export interface AuthOptions {
  readonly bearer?: string;
  readonly basic?: { readonly user: string; readonly password: string };
  readonly header?: { readonly name: string; readonly value: string };
  readonly oauth2?: OAuth2Options;
}

export interface OAuth2Options {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string;
  readonly audience?: string;
  readonly clientAuth?: 'basic' | 'post';
}

/** PEM texts. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
}

const text = { type: 'string', minLength: 1 };
const secret = { ...text, writeOnly: true };

/** For an object with exactly one of these members. */
export function oneOf(members: Readonly<Record<string, unknown>>): readonly object[] {
  return Object.keys(members).map((name) => ({ required: [name] }));
}

const AUTH_WAYS = {
  bearer: { ...secret, description: 'Sent as `Authorization: Bearer …`.', examples: [{ env: 'FEED_TOKEN' }] },
  basic: {
    description: 'User name and password.',
    type: 'object',
    additionalProperties: false,
    required: ['user', 'password'],
    properties: {
      user: { ...text, description: 'User name.' },
      password: { ...secret, description: 'Password.', examples: [{ file: '/run/secrets/feed-password' }] },
    },
  },
  header: {
    description: 'A header with a key.',
    type: 'object',
    additionalProperties: false,
    required: ['name', 'value'],
    properties: {
      name: { ...text, description: 'Name of the header.', examples: ['X-Api-Key'] },
      value: { ...secret, description: 'Its value.', examples: [{ env: 'FEED_KEY' }] },
    },
  },
  oauth2: {
    description: 'Tokens by the client credentials grant (RFC 6749, 4.4), renewed before they expire.',
    type: 'object',
    additionalProperties: false,
    required: ['tokenUrl', 'clientId', 'clientSecret'],
    properties: {
      tokenUrl: {
        ...text,
        pattern: '^https?://[^\\s]+$',
        mustBe: 'a URL that begins with https://',
        description: 'Where tokens are had.',
      },
      clientId: { ...text, description: 'Client id.' },
      clientSecret: { ...secret, description: 'Client secret.', examples: [{ env: 'FEED_CLIENT_SECRET' }] },
      scope: { ...text, description: 'Scope to ask for; several separated by spaces.' },
      audience: { ...text, description: 'Audience to ask for, at issuers that want to know.' },
      clientAuth: {
        description: 'How id and secret are sent: in the header `Authorization`, or in the body.',
        enum: ['basic', 'post'],
        default: 'basic',
      },
    },
  },
};

export const AUTH = {
  description: 'Who asks. Secrets are taken up anew when their files change. Left out: nobody in particular.',
  type: 'object',
  additionalProperties: false,
  oneOf: oneOf(AUTH_WAYS),
  properties: AUTH_WAYS,
};

export const TLS = {
  description:
    'For `https`. Certificates are always verified. Left out: with the authorities that the system trusts.',
  type: 'object',
  additionalProperties: false,
  dependentRequired: { cert: ['key'], key: ['cert'] },
  properties: {
    ca: {
      ...text,
      description: 'Authorities to trust, PEM. Left out: those of the system.',
      examples: [{ file: '/etc/tailrace/feed-ca.pem' }],
    },
    cert: {
      ...text,
      description: 'Client certificate with its chain, PEM.',
      examples: [{ file: '/etc/tailrace/client.pem' }],
    },
    key: {
      ...secret,
      description: 'Private key of the client certificate, PEM, without a passphrase.',
      examples: [{ file: '/etc/tailrace/client.key' }],
    },
    servername: { ...text, description: 'Name that the certificate must be for. Left out: the host.' },
  },
};
