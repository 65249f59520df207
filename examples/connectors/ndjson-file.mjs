// Reads a file with one JSON object per line and follows it as it grows. One member of each object is its key; an object with
// "deleted": true deletes it. A file that is replaced (mv) is read anew, and keys that it no longer has are deleted.
import { open, stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { HistoryLost, OptionsRejected, SourceUnavailable } from 'tailrace/connector';

const CHUNK_BYTES = 256 * 1024;
const LOOK_EVERY_MS = 100;

class NdjsonFile {
  // The file holds all that exists, reading goes on from a position, and nothing is yielded twice.
  traits = { completeState: true, resumes: true, repeats: false };
  #options;
  #closing = new AbortController();

  constructor(options) {
    this.#options = options;
  }

  async probe() {
    const found = await stat(this.#options.file).catch(() => undefined);
    if (found === undefined) throw new SourceUnavailable(`there is no file ${this.#options.file}`);
    if (!found.isFile()) throw new OptionsRejected(`${this.#options.file} is no file`);
  }

  async *read(after, signal) {
    const ending = AbortSignal.any([signal, this.#closing.signal]);
    const place = { partition: 'file', topic: this.#options.file, partitionNumber: 0 };
    let [id, offset] = (after.get('file') ?? ':0').split(':'); // which file, and how many bytes of it were read
    let isLive = false;
    let existing; // how long the file was when reading began
    while (!ending.aborted) {
      const found = await linesFrom(this.#options.file, Number(offset));
      id ||= found.id;
      existing ??= found.size;
      if (found.id !== id || found.size < offset) throw new HistoryLost('the file was replaced or cut');
      if (found.lines.length > 0) {
        const records = recordsOf(found.lines, Number(offset), this.#options.key);
        offset = Number(offset) + found.lines.length;
        yield { type: 'records', ...place, records, position: `${id}:${offset}` };
      }
      const isAtEnd = found.lines.length === 0;
      if (!isLive && (isAtEnd || offset >= existing)) yield { type: 'live' };
      isLive ||= isAtEnd || offset >= existing;
      if (isAtEnd) await wait(LOOK_EVERY_MS, undefined, { signal: ending }).catch(() => {});
    }
  }

  async ack() {} // nobody upstream keeps anything for us

  async close() {
    this.#closing.abort();
  }
}

/** Whole lines; none when the next one has not been written to its end. */
async function linesFrom(path, offset) {
  const file = await open(path).catch(({ message }) => {
    throw new SourceUnavailable(message);
  });
  try {
    const { ino, birthtimeMs, size } = await file.stat();
    for (let length = CHUNK_BYTES; ; length *= 2) {
      const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(length), position: offset });
      const lines = buffer.subarray(0, buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1);
      if (lines.length > 0 || bytesRead < length) return { id: `${ino}.${birthtimeMs}`, size, lines };
    }
  } finally {
    await file.close();
  }
}

function recordsOf(lines, offset, keyName) {
  const records = [];
  for (let start = 0, end; start < lines.length; start = end + 1) {
    end = lines.indexOf('\n', start);
    const record = { value: lines.subarray(start, end), timestampMs: -1, offset: offset + start };
    if (end > start) records.push({ ...record, ...meaningOf(record.value, keyName) });
  }
  return records;
}

/** A line that is no such object goes on as it is: it is rejected there, and can be looked at. */
function meaningOf(line, keyName) {
  try {
    const { [keyName]: key, deleted } = JSON.parse(line);
    return { key: Buffer.from(key), ...(deleted === true && { value: null }) };
  } catch {
    return { key: null };
  }
}

const properties = {
  file: { type: 'string', description: 'Path of the file.' },
  key: { type: 'string', default: 'key', description: 'Name of the member that is the key.' },
};
const options = { type: 'object', additionalProperties: false, required: ['file'], properties };
export default { type: 'ndjson-file', options, create: (options) => new NdjsonFile(options) };
