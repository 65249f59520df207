// What an error of TLS says to a person: whose certificate is not trusted and why, or what the two sides cannot agree on.

/** undefined: it is not about TLS. `trust`: how a person begins to have a certificate trusted. */
export function tlsText(code: string, error: unknown, trust: string): string | undefined {
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return `it signed its certificate itself (${code}); ${trust} that certificate if it is the right server`;
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'CERT_UNTRUSTED':
    case 'CERT_SIGNATURE_FAILURE':
      return `its certificate is not signed by an authority that is trusted here (${code}); ${trust} the authority that signed it`;
    case 'CERT_HAS_EXPIRED':
      return "its certificate has expired; it must be renewed there (or is this machine's clock wrong?)";
    case 'CERT_NOT_YET_VALID':
      return "its certificate is not valid yet; is this machine's clock right?";
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'its certificate is for another host name; use a name in `url` that it holds, or set `tls.servername` to one';
    default:
      return code === 'EPROTO' || code.startsWith('ERR_SSL_') ? handshakeText(code, error) : undefined;
  }
}

/** Alert numbers are those of RFC 8446, section 6. */
const ALERT_HANDSHAKE_FAILURE = 40;
const ALERT_PROTOCOL_VERSION = 70;
const ALERT_CERTIFICATE_REQUIRED = 116;
/** Alerts about the certificate that we showed. */
const CERTIFICATE_ALERTS = [42, 43, 44, 45, 46, 48];

/** Of OpenSSL, of what we read ourselves: its header sslerr.h. */
const REASON_UNSUPPORTED_PROTOCOL = 258;
const REASON_WRONG_VERSION_NUMBER = 267;
const REASONS_OF_ALERTS = 1000;

function handshakeText(code: string, error: unknown): string {
  const reason = reasonOf(error);
  const alert = reason === undefined ? undefined : reason - REASONS_OF_ALERTS;
  if (reason === REASON_WRONG_VERSION_NUMBER)
    return `it does not speak TLS (${code}); check the port, and whether the URL should begin with http:`;
  if (reason === REASON_UNSUPPORTED_PROTOCOL || alert === ALERT_PROTOCOL_VERSION)
    return `it speaks no version of TLS from 1.2 on, and older ones are not safe (${code}); it must be renewed there`;
  if (alert === ALERT_CERTIFICATE_REQUIRED)
    return `it asks for a client certificate (${code}); set \`tls.cert\` and \`tls.key\``;
  if (alert !== undefined && CERTIFICATE_ALERTS.includes(alert))
    return `it does not accept our client certificate (${code}); is \`tls.cert\` signed by an authority that it trusts, and not expired?`;
  if (alert === ALERT_HANDSHAKE_FAILURE)
    return `it refuses this way of TLS (${code}); if it asks for a client certificate, set \`tls.cert\` and \`tls.key\``;
  return `TLS failed (${code}${reason === undefined ? '' : `, reason ${reason} of OpenSSL`})`;
}

/**
 * The number that OpenSSL gives the error. Node has a code for some, and for others, which it takes for errors of writing, only this:
 * `error:0A00042E:SSL routines:…`, the library in the upper half and the reason in the lower.
 */
function reasonOf(error: unknown): number | undefined {
  const { message } = error as { readonly message?: unknown };
  const match = /error:0A([0-9A-F]{6}):/.exec(String(message));
  return match?.[1] === undefined ? undefined : Number.parseInt(match[1], 16);
}
