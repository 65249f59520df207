// Tokens for Amazon MSK: signed with what AWS knows this process as. The only door to AWS's signer, which is large and loaded only
// where a source uses it.

import { KafkaRefused, KafkaUnreachable } from './access-error.js';

export interface MskSettings {
  readonly region: string;
  /** Role to assume. */
  readonly roleArn?: string;
  /** Of the AWS configuration file. */
  readonly profile?: string;
}

/** Errors of the AWS SDK, by name, that nobody gets past by trying again. */
const REFUSALS: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'InvalidIdentityToken',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
  'ValidationError',
]);

/** A new token each time: it is signed here, and AWS's SDK keeps the credentials. Throws KafkaRefused, KafkaUnreachable. */
export function mskTokens({ region, roleArn, profile }: MskSettings): () => Promise<string> {
  return async () => {
    try {
      const signer = await import('aws-msk-iam-sasl-signer-js');
      const { token } =
        roleArn !== undefined
          ? await signer.generateAuthTokenFromRole({
              region,
              awsRoleArn: roleArn,
              awsRoleSessionName: 'tailrace',
            })
          : profile !== undefined
            ? await signer.generateAuthTokenFromProfile({ region, awsProfileName: profile })
            : await signer.generateAuthToken({ region });
      return token;
    } catch (cause) {
      const name = cause instanceof Error ? cause.name : '';
      const said = cause instanceof Error ? cause.message : String(cause);
      if (REFUSALS.has(name))
        throw new KafkaRefused(
          `AWS refuses to say who this process is (${name}: ${said}); check \`sasl.roleArn\`, \`sasl.profile\` and the role's trust`,
          { cause },
        );
      throw new KafkaUnreachable(
        `there are no AWS credentials to sign a token with (${said}); give this process a role, or set \`sasl.profile\``,
        { cause },
      );
    }
  };
}
