// The finding for a key that is no option, and the care it takes: under a misspelt name there may be a secret.

import { isSecretName } from '../telemetry/scrub.js';
import type { KeyPath } from './document.js';
import type { Problem } from './finding.js';
import { isPlainName } from './picture.js';
import { nearest } from './suggestion.js';

/** `where` is how a sentence names the mapping. Its value is shown only if it is clear what was meant, and that is no secret. */
export function unknownKey(
  path: KeyPath,
  mapping: { readonly known: readonly string[]; readonly where: string },
): Problem {
  const key = String(path.at(-1));
  const suggestion = nearest(key, mapping.known);
  const place = mapping.where === '' ? 'the configuration' : mapping.where;
  return {
    severity: 'error',
    code: 'unknown-key',
    path,
    part: 'key',
    message: isPlainName(key) ? `${place} has no "${key}"` : `${place} has no such key`,
    ...(suggestion === undefined ? {} : { suggestion }),
    ...(suggestion === undefined || isSecretName(suggestion) || isSecretName(key) ? { conceal: true } : {}),
  };
}
