// Logging in to a broker: which mechanism says what. The exchange of messages is kafkajs's; where it hides why a login failed, the
// reason is brought back.

import type { AuthenticationProviderArgs, Mechanism } from 'kafkajs';
import plain from 'kafkajs/src/broker/saslAuthenticator/plain.js';
import scram256 from 'kafkajs/src/broker/saslAuthenticator/scram256.js';
import scram512 from 'kafkajs/src/broker/saslAuthenticator/scram512.js';

import { KafkaRefused } from './access-error.js';
import { mskTokens } from './msk-token.js';
import { OAuthTokens, type OAuthSettings, type TokenAgents } from './oauth-token.js';

export type SaslSettings =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | ({
      readonly mechanism: 'oauthbearer';
      /** Shown to the broker with the token. */
      readonly extensions?: Readonly<Record<string, string>>;
    } & OAuthSettings)
  | {
      readonly mechanism: 'aws-msk-iam';
      readonly region: string;
      readonly roleArn?: string;
      readonly profile?: string;
    };

/** A token that a broker takes, as often as one is needed. Throws KafkaRefused, KafkaUnreachable. */
export type TokenSource = () => Promise<string>;

/** Name of the mechanism on the wire. */
export function mechanismName({ mechanism }: SaslSettings): string {
  return mechanism === 'aws-msk-iam' ? 'OAUTHBEARER' : mechanism.toUpperCase();
}

/**
 * What kafkajs takes as `sasl`. Keep it: tokens are kept with it. A login throws what the broker or the connection said (kafkajs by
 * itself makes a wrong password of every lost connection), or the errors of a {@link TokenSource}. Who asks for tokens needs `agents`.
 */
export function saslMechanism(settings: SaslSettings, agents: TokenAgents | undefined): Mechanism {
  const mechanism = mechanismName(settings);
  switch (settings.mechanism) {
    case 'plain':
      return { mechanism, authenticationProvider: candid(plain(settings)) };
    case 'scram-sha-256':
      return { mechanism, authenticationProvider: candid(scram256(settings)) };
    case 'scram-sha-512':
      return { mechanism, authenticationProvider: candid(scram512(settings)) };
    case 'oauthbearer': {
      if (agents === undefined) throw new Error('oauthbearer without agents that ask the token endpoint');
      const tokens = new OAuthTokens(settings, agents);
      return { mechanism, authenticationProvider: bearer(() => tokens.current(), settings.extensions) };
    }
    case 'aws-msk-iam':
      return { mechanism, authenticationProvider: bearer(mskTokens(settings), undefined) };
  }
}

type Provider = Mechanism['authenticationProvider'];

/** The provider, but what made an exchange fail is thrown as it was. */
function candid(provider: Provider): Provider {
  return (context) => ({
    async authenticate() {
      let failure: unknown;
      const saslAuthenticate: AuthenticationProviderArgs['saslAuthenticate'] = async (exchange) => {
        try {
          return await context.saslAuthenticate(exchange);
        } catch (error) {
          failure = error;
          throw error;
        }
      };
      try {
        await provider({ ...context, saslAuthenticate }).authenticate();
      } catch (error) {
        throw failure ?? error;
      }
    },
  });
}

/** OAUTHBEARER (RFC 7628). kafkajs's own does not look at what the broker answers. */
function bearer(token: TokenSource, extensions: Readonly<Record<string, string>> = {}): Provider {
  return ({ saslAuthenticate }) => ({
    async authenticate() {
      const pairs = [['auth', `Bearer ${await token()}`], ...Object.entries(extensions)];
      const fields = pairs.map(([name, value]) => `${name}=${value}\u0001`).join('');
      const say = async (message: string): Promise<string> =>
        (await saslAuthenticate({
          request: { encode: () => framed(message) },
          response: { decode: (bytes) => bytes, parse: (bytes) => bytes.toString('utf8', 4) },
        })) ?? '';
      const refusal = await say(`n,,\u0001${fields}\u0001`);
      if (refusal === '') return;
      // The broker has said why; it waits for this one byte before it fails the login.
      await say('\u0001').catch(() => undefined);
      throw new KafkaRefused(
        `the broker does not accept the token${statusOf(refusal)}: check that it is made for this cluster (audience, scope), that it has not expired, and the clocks`,
      );
    },
  });
}

/** kafkajs wants messages with their length. */
function framed(message: string): Buffer {
  const bytes = Buffer.from(message, 'utf8');
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Of `{"status":"invalid_token"}`. */
function statusOf(refusal: string): string {
  const status = /"status"\s*:\s*"([A-Za-z_ -]{1,60})"/.exec(refusal)?.[1];
  return status === undefined ? '' : ` (${status})`;
}
