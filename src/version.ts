// The version of the package that this code belongs to.

import { readFileSync } from 'node:fs';

/** As in package.json; `unknown` where there is none beside the code. */
export const version = versionOfPackage();

/** package.json is two folders up when built (dist/src), one in the sources. */
function versionOfPackage(): string {
  for (const place of ['../../package.json', '../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as Record<
        string,
        unknown
      >;
      if (name === 'tailrace') return String(version);
    } catch {
      continue;
    }
  }
  return 'unknown';
}
