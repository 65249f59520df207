// Why a cluster cannot be used: it is out of reach just now, or it will not have us as we are set up. By kind, from what kafkajs
// throws (names, types and codes; its outer names hide the reason, so causes are followed).

/** Try again later. */
export class KafkaUnreachable extends Error {
  override readonly name = 'KafkaUnreachable';
}

/** Trying again will not help: credentials, certificates, permissions, a listener of another kind. */
export class KafkaRefused extends Error {
  override readonly name = 'KafkaRefused';
}

/** One of the two errors above for anything that kafkajs or a socket threw. */
export function accessError(error: unknown, doing: string): KafkaUnreachable | KafkaRefused {
  if (error instanceof KafkaUnreachable || error instanceof KafkaRefused) return error;
  for (let each = error; each instanceof Error; each = each.cause) {
    const refusal = refusalOf(each);
    if (refusal !== undefined) return new KafkaRefused(`${doing}: ${refusal}`, { cause: error });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new KafkaUnreachable(`${doing}: ${reason}${hint(error)}`, { cause: error });
}

function refusalOf(error: Error): string | undefined {
  const type = textField(error, 'type');
  if (error.name === 'KafkaJSSASLAuthenticationError')
    return 'the broker does not accept this user name and password';
  switch (type) {
    case 'SASL_AUTHENTICATION_FAILED':
      return 'the broker does not accept this user name and password';
    case 'ILLEGAL_SASL_STATE':
      return 'this listener does not take SASL; use its SASL port, or leave `sasl` out';
    case 'UNSUPPORTED_SASL_MECHANISM':
      return 'the broker does not offer this SASL mechanism';
    case 'TOPIC_AUTHORIZATION_FAILED':
      return 'this user may not read the topic (needs READ and DESCRIBE)';
    case 'CLUSTER_AUTHORIZATION_FAILED':
      return 'this user may not do that on the cluster';
    default:
      return tlsRefusalOf(textField(error, 'code'));
  }
}

function tlsRefusalOf(code: string | undefined): string | undefined {
  switch (code) {
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return "the broker's certificate is not signed by a known authority; set `tls.ca`";
    case 'CERT_HAS_EXPIRED':
      return "the broker's certificate has expired";
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return "the broker's certificate is for another host name";
    default:
      return code?.startsWith('ERR_SSL_') === true
        ? `TLS failed (${code}); is a client certificate needed?`
        : undefined;
  }
}

/** A listener of another kind answers by hanging up, as a broker does that is going down: said, but not concluded. */
function hint(error: unknown): string {
  const hungUp =
    error instanceof Error &&
    (error.name === 'KafkaJSConnectionClosedError' || textField(error, 'code') === 'ECONNRESET');
  return hungUp ? ' (if it goes on: does this port expect TLS or SASL?)' : '';
}

function textField(error: Error, field: 'type' | 'code'): string | undefined {
  const value = (error as { type?: unknown; code?: unknown })[field];
  return typeof value === 'string' ? value : undefined;
}
