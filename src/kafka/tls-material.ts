// Whether the certificates and the key that we are given can be used at all. Node says of them only that OpenSSL did not like them.

import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';

/** One sentence about what is wrong, with the option that it is about; undefined: nothing. */
export function tlsMaterialFault({ ca, cert, key }: ConnectionOptions): string | undefined {
  if (typeof ca === 'string' && certificateIn(ca) === undefined)
    return '`tls.ca` is not a certificate in PEM (-----BEGIN CERTIFICATE-----)';
  if (typeof cert !== 'string' || typeof key !== 'string') return undefined;
  const certificate = certificateIn(cert);
  if (certificate === undefined)
    return '`tls.cert` is not a certificate in PEM (-----BEGIN CERTIFICATE-----)';
  const privateKey = privateKeyIn(key);
  if (privateKey === undefined)
    return '`tls.key` is not a private key in PEM without a passphrase (-----BEGIN PRIVATE KEY-----)';
  return certificate.checkPrivateKey(privateKey) ? undefined : '`tls.key` is not the key of `tls.cert`';
}

/** Whether our own certificate is out of date; undefined: no, or there is none. */
export function validityText({ cert }: ConnectionOptions, now: number): string | undefined {
  const certificate = typeof cert === 'string' ? certificateIn(cert) : undefined;
  if (certificate === undefined) return undefined;
  if (Date.parse(certificate.validTo) < now) return `\`tls.cert\` expired on ${certificate.validTo}`;
  if (Date.parse(certificate.validFrom) > now)
    return `\`tls.cert\` is valid only from ${certificate.validFrom}`;
  return undefined;
}

function certificateIn(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function privateKeyIn(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
