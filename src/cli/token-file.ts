// A token that a verb presents: from a file that was named, or from a variable. Never from the command line, which others see.

import { readText } from './config-file.js';

const MAX_TOKEN_BYTES = 64 * 1024;

/** Undefined: there is none. Throws `file-unreadable`. */
export function tokenFrom(
  file: string | undefined,
  env: NodeJS.ProcessEnv,
  variable: string,
): string | undefined {
  const text = file === undefined ? env[variable] : readText(file, MAX_TOKEN_BYTES);
  const token = text?.trim();
  return token === '' ? undefined : token;
}
