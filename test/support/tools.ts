// The programs and schemas that installation tests (*.tools.test.ts) use; scripts/tools.sh puts them in their place.

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Tool =
  | 'helm'
  | 'kubernetes-validate'
  | 'kubernetes-schemas'
  | 'crds-gateway-api'
  | 'crds-prometheus-operator'
  | 'node-lts';

/** Absolute path of a program or a folder in the cache. Throws, naming the command that fetches it. */
export function toolPath(tool: Tool): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const path = join(cache, 'tailrace', 'tools', tool);
  if (!existsSync(path)) throw new Error(`${path} is missing: bash scripts/tools.sh fetches it`);
  return path;
}
