// Whether the certificates and the key of the options can be used at all. Node would say so only of some of them, and only when it connects.

import { createPrivateKey, X509Certificate } from 'node:crypto';

import type { TlsOptions } from './access-options.js';

/** One sentence about what is wrong, with the option that it is about; undefined: nothing. */
export function tlsMaterialFault({ ca, cert, key }: TlsOptions): string | undefined {
  if (ca !== undefined && read(() => new X509Certificate(ca)) === undefined)
    return '`tls.ca` is not a certificate in PEM (-----BEGIN CERTIFICATE-----)';
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined)
    return '`tls.cert` and `tls.key` are given together or not at all';
  const certificate = read(() => new X509Certificate(cert));
  if (certificate === undefined)
    return '`tls.cert` is not a certificate in PEM (-----BEGIN CERTIFICATE-----)';
  const privateKey = read(() => createPrivateKey(key));
  if (privateKey === undefined)
    return '`tls.key` is not a private key in PEM without a passphrase (-----BEGIN PRIVATE KEY-----)';
  return certificate.checkPrivateKey(privateKey) ? undefined : '`tls.key` is not the key of `tls.cert`';
}

function read<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
