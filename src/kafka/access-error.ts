// Why a cluster cannot be used: it is out of reach just now, or it will not have us as we are set up. By kind, from what kafkajs
// and Node throw (names, types and codes; kafkajs's outer names hide the reason, so causes are followed), with what to do about it.

/** Try again later. */
export class KafkaUnreachable extends Error {
  override readonly name = 'KafkaUnreachable';
}

/** Trying again will not help: credentials, certificates, permissions, a listener of another kind. */
export class KafkaRefused extends Error {
  override readonly name = 'KafkaRefused';
}

/** What the fix depends on. */
export interface OwnAccess {
  readonly hasAuthorities: boolean;
  readonly hasCertificate: boolean;
  /** That the broker's certificate is for, as far as they are known. */
  readonly peerNames?: string | undefined;
}

/** One of the two errors above for anything that kafkajs or a socket threw. */
export function accessError(
  error: unknown,
  doing: string,
  own: OwnAccess = { hasAuthorities: false, hasCertificate: false },
): KafkaUnreachable | KafkaRefused {
  if (error instanceof KafkaUnreachable || error instanceof KafkaRefused) return error;
  for (const each of causes(error)) {
    const refusal = refusalOf(each, own);
    if (refusal !== undefined) return new KafkaRefused(`${doing}: ${refusal}`, { cause: error });
  }
  const code = causes(error)
    .map((each) => textField(each, 'code'))
    .find((each) => each !== undefined);
  const reason = error instanceof Error ? error.message : String(error);
  return new KafkaUnreachable(`${doing}: ${networkText(code) ?? reason}`, { cause: error });
}

/** Whether the certificate of the other side is for other names than the one that was used. */
export function isNameMismatch(error: unknown): boolean {
  return causes(error).some((each) => textField(each, 'code') === 'ERR_TLS_CERT_ALTNAME_INVALID');
}

/**
 * Whether the other side ended the connection, or answered what no broker of the expected kind does: so does a listener that expects
 * TLS or SASL where we have none, or the other way round, but also a broker that is going down.
 */
export function isHangUp(error: unknown): boolean {
  return causes(error).some(
    (each) =>
      each.name === 'KafkaJSConnectionClosedError' ||
      each.name === 'KafkaJSRequestTimeoutError' ||
      SUSPICIOUS.has(textField(each, 'type') ?? '') ||
      SUSPICIOUS.has(textField(each, 'code') ?? ''),
  );
}

const SUSPICIOUS: ReadonlySet<string> = new Set([
  ...['ILLEGAL_SASL_STATE', 'UNSUPPORTED_SASL_MECHANISM'],
  ...['ECONNRESET', 'EPIPE', 'EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'],
]);

function causes(error: unknown): Error[] {
  const found: Error[] = [];
  for (let each = error; each instanceof Error && found.length < 10; each = each.cause) found.push(each);
  return found;
}

function refusalOf(error: Error, own: OwnAccess): string | undefined {
  switch (textField(error, 'type')) {
    case 'SASL_AUTHENTICATION_FAILED':
      return 'the broker does not accept this user name and password; check `sasl.username` and `sasl.password`';
    case 'ILLEGAL_SASL_STATE':
      return 'this listener does not take SASL; use its SASL port, or leave `sasl` out';
    case 'UNSUPPORTED_SASL_MECHANISM':
      return 'the broker does not offer this SASL mechanism; set `sasl.mechanism` to one that it does';
    case 'TOPIC_AUTHORIZATION_FAILED':
      return 'this user may not read the topic (needs READ and DESCRIBE)';
    case 'CLUSTER_AUTHORIZATION_FAILED':
      return 'this user may not do that on the cluster';
    default:
      break;
  }
  if (error.name === 'KafkaJSSASLAuthenticationError') return `the login failed: ${error.message}`;
  const code = textField(error, 'code');
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return nameMismatch(own);
  const tlsText = tlsRefusal(code, own.hasAuthorities ? 'other `tls.ca`' : '`tls.ca`');
  if (tlsText !== undefined) return tlsText;
  return clientCertificateRefusal(code, own);
}

/** For the code of an error in the TLS handshake that is about the other side's certificate. `ca`: the option for authorities. */
export function tlsRefusal(code: string | undefined, ca: string): string | undefined {
  switch (code) {
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'CERT_UNTRUSTED':
    case 'CERT_SIGNATURE_FAILURE':
      return `its certificate is not signed by an authority that is trusted here (${code}); set ${ca} to the authority that signed it`;
    case 'CERT_HAS_EXPIRED':
      return "its certificate has expired; it must be renewed there (or is this machine's clock wrong?)";
    case 'CERT_NOT_YET_VALID':
      return "its certificate is not valid yet; is this machine's clock right?";
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'its certificate is for another host name; use a name that it holds';
    default:
      return undefined;
  }
}

function nameMismatch({ peerNames }: OwnAccess): string {
  const held = peerNames === undefined ? '' : ` (it holds ${peerNames})`;
  return `its certificate is for another host name${held}; connect by a name that it holds, or set \`tls.servername\` to one`;
}

/** TLS alerts by which a broker says that it dislikes our certificate. */
function clientCertificateRefusal(code: string | undefined, own: OwnAccess): string | undefined {
  if (code?.startsWith('ERR_SSL_') !== true || SUSPICIOUS.has(code)) return undefined;
  if (/ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code))
    return `it speaks no version of TLS that this process does (${code})`;
  const isAlert = /_ALERT_(.*CERT.*|HANDSHAKE_FAILURE|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)$/.test(code);
  if (!isAlert) return `TLS failed (${code})`;
  return own.hasCertificate
    ? `it does not accept this client certificate (${code}); is \`tls.cert\` signed by an authority that the broker trusts, and not expired?`
    : `it asks for a client certificate (${code}); set \`tls.cert\` and \`tls.key\``;
}

function networkText(code: string | undefined): string | undefined {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
      return `the name does not resolve from here (${code}); check it, and the DNS of this machine or container`;
    case 'ECONNREFUSED':
      return 'nothing listens there (connection refused); check host and port, and that the broker runs';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return `there is no way to it from here (${code}); check the network and its rules`;
    case 'ETIMEDOUT':
      return 'it does not answer (timeout); check the network, firewalls, and that the address is right';
    default:
      return undefined;
  }
}

function textField(error: Error, field: 'type' | 'code'): string | undefined {
  const value = (error as { type?: unknown; code?: unknown })[field];
  return typeof value === 'string' ? value : undefined;
}
