// Certificates for tests, made by openssl: an authority, and what it has signed.

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const openssl = promisify(execFile);
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** PEM texts. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** A file with the key and the certificate, as a broker takes it. */
  readonly path: string;
}

export interface Authority {
  readonly ca: string;
  /** File of `ca`. */
  readonly path: string;
  /** `names` as openssl writes them: `DNS:localhost,IP:127.0.0.1`. Negative days: it has expired. */
  sign(
    commonName: string,
    options?: { readonly names?: string; readonly days?: number },
  ): Promise<Certificate>;
}

/** An authority of its own, whose files are in `folder` under `name`. */
export async function authority(folder: string, name: string): Promise<Authority> {
  const file = (ending: string): string => join(folder, `${name}.${ending}`);
  const [path, keyPath] = [file('pem'), file('key')];
  await openssl('openssl', [
    ...['req', '-x509', ...NEW_KEY, '-keyout', keyPath, '-out', path, '-days', '2', '-subj', `/CN=${name}`],
  ]);
  let serial = 0;
  return {
    ca: await readFile(path, 'utf8'),
    path,
    async sign(commonName, { names = 'IP:127.0.0.1', days = 2 } = {}) {
      const at = (ending: string): string => file(`${++serial}.${ending}`);
      const [key, request, cert, both] = [at('key'), at('csr'), at('pem'), at('both')];
      await openssl('openssl', [
        ...['req', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', `/CN=${commonName}`],
        ...['-addext', `subjectAltName=${names}`],
      ]);
      await openssl('openssl', [
        ...['x509', '-req', '-in', request, '-CA', path, '-CAkey', keyPath, '-set_serial', String(serial)],
        ...['-out', cert, '-days', String(days), '-copy_extensions', 'copy'],
      ]);
      const [certText, keyText] = [await readFile(cert, 'utf8'), await readFile(key, 'utf8')];
      await writeFile(both, keyText + certText);
      return { cert: certText, key: keyText, path: both };
    },
  };
}
