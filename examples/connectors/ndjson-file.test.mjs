// The conformance kit over the connector beside this file: node --test ndjson-file.test.mjs
import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { conformanceCases } from 'tailrace/connector-kit';
import connector from './ndjson-file.mjs';

const lineOf = ({ key, value }) =>
  `${JSON.stringify({ key, ...(JSON.parse(value) ?? { deleted: true }) })}\n`;
const textOf = (writes) => writes.map(lineOf).join('');

const harness = {
  type: connector,
  traits: { completeState: true, resumes: true, repeats: false },
  cannot: { acknowledged: 'a file keeps nothing for those who read it' },
  misconfigurations: [
    { name: 'a folder', options: (working) => ({ ...working, file: tmpdir() }), says: [tmpdir(), 'no file'] },
  ],
  async createUpstream() {
    const folder = await mkdtemp(join(tmpdir(), 'ndjson-file-'));
    const file = join(folder, 'state.ndjson');
    let place = file; // it may be moved out of sight
    await writeFile(file, '');
    return {
      options: { file, key: 'key' },
      write: (writes) => appendFile(place, textOf(writes)),
      writeBad: () => appendFile(file, 'this is no JSON\n'),
      async loseHistory(state) {
        await writeFile(`${file}.new`, textOf(state));
        await rename(`${file}.new`, file);
      },
      async breakContact() {
        await rename(file, (place = `${file}.away`));
        return () => rename(place, file).finally(() => (place = file));
      },
      close: () => rm(folder, { recursive: true }),
    };
  },
};

for (const { name, leftOut, run } of conformanceCases(harness))
  test(name, { skip: leftOut !== undefined }, run);
