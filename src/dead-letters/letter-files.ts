// Reads the dead letters of a file and of those that it was rotated into, oldest first. Writing them is file.ts.

import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { LetterStub } from './dead-letter.js';
import { ROTATED_FILES } from './file.js';
import { letterFromLine } from './letter-json.js';

/** What is read: a letter, or a line or record that is none. */
export type ReadLetter = { readonly letter: LetterStub } | { readonly notALetter: string };

/** A file that does not exist has no letters. Rejects with the error of the file system when one cannot be read. */
export async function* lettersInFiles(path: string): AsyncGenerator<ReadLetter> {
  const rotated = Array.from({ length: ROTATED_FILES }, (_, index) => `${path}.${ROTATED_FILES - index}`);
  for (const file of [...rotated, path]) if (await exists(file)) yield* lettersInFile(file);
}

async function* lettersInFile(file: string): AsyncGenerator<ReadLetter> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line === '') continue;
    const letter = letterFromLine(line);
    yield letter === undefined ? { notALetter: `${file}:${number}` } : { letter };
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
