// Dead letters in a file, one as JSON per line: appended, flushed to the disk before they count as stored, and rotated at a size.
// Reading it is letter-files.ts.

import { constants } from 'node:fs';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OptionsRejected } from '../../connectors/contract.js';
import type { LetterStub } from './dead-letter.js';
import { letterJson } from './letter-json.js';
import type { LetterLog } from './logged.js';
import { StoreOutage, type LetterStore } from './stored.js';

export interface LetterFileOptions {
  readonly path: string;
  /** From this size on the file becomes `<path>.1`, and a new one begins. */
  readonly maxBytes: number;
  readonly log: LetterLog;
}

/** Files `<path>.1`, the newest, to `<path>.4` are kept beside the current one. */
export const ROTATED_FILES = 4;

const NEWLINE = 0x0a;
/** Records may be confidential. */
const FOR_THIS_USER = 0o600;

interface OpenFile {
  readonly handle: FileHandle;
  /** Of what is whole and flushed. */
  bytes: number;
}

/** Invariant: what `store` resolves with has been flushed to the disk, and a line that is not whole is never followed on its line. */
export class LetterFile implements LetterStore {
  readonly name: string;
  readonly #options: LetterFileOptions;
  #file: OpenFile | undefined;
  #isClosed = false;

  constructor(options: LetterFileOptions) {
    this.#options = options;
    this.name = `file ${options.path}`;
  }

  async probe(): Promise<void> {
    try {
      await this.#current();
    } catch (error) {
      const reason = refusalOf(error);
      if (reason !== undefined) throw new OptionsRejected(`dead letters: ${this.name} ${reason}`);
      if (codeOf(error) === undefined) throw error;
    }
  }

  async store(letters: readonly LetterStub[]): Promise<readonly LetterStub[]> {
    const lines = Buffer.from(letters.map((letter) => `${JSON.stringify(letterJson(letter))}\n`).join(''));
    try {
      await this.#append(await this.#withRoomFor(lines.length), lines);
      return letters;
    } catch (error) {
      await this.#letGo();
      throw outageOf(error, this.name);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#letGo();
  }

  /** All of it, or nothing as far as that can be: a full disk is filled by no halves of lines. */
  async #append(file: OpenFile, lines: Buffer): Promise<void> {
    try {
      await file.handle.appendFile(lines);
      await file.handle.datasync();
      file.bytes += lines.length;
    } catch (error) {
      const { size } = await file.handle.stat();
      const isOurs = size > file.bytes && size <= file.bytes + lines.length;
      if (isOurs) await file.handle.truncate(file.bytes).catch(() => undefined);
      throw error;
    }
  }

  async #letGo(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.handle.close().catch(() => undefined);
  }

  async #withRoomFor(bytes: number): Promise<OpenFile> {
    const file = await this.#current();
    if (file.bytes === 0 || file.bytes + bytes <= this.#options.maxBytes) return file;
    await this.#letGo();
    await this.#rotate();
    return await this.#current();
  }

  /** Opened anew when somebody has moved it away or removed it: what is written to such a file is found by nobody. */
  async #current(): Promise<OpenFile> {
    if (this.#file !== undefined && (await isAt(this.#options.path, this.#file.handle))) return this.#file;
    await this.#letGo();
    const handle = await openToAppend(this.#options.path);
    try {
      this.#file = { handle, bytes: await wholeLines(handle) };
      await syncFolder(this.#options.path);
    } catch (error) {
      await this.#letGo();
      await handle.close().catch(() => undefined);
      throw error;
    }
    if (!this.#isClosed) return this.#file;
    await this.#letGo();
    throw new StoreOutage(`${this.name} is closed`);
  }

  async #rotate(): Promise<void> {
    const { path, log } = this.#options;
    const oldest = `${path}.${ROTATED_FILES}`;
    const removed = await stat(oldest).catch(() => undefined);
    if (removed !== undefined) {
      await rm(oldest);
      log.warn('dead-letters-removed', { file: oldest, bytes: removed.size });
    }
    for (let number = ROTATED_FILES - 1; number >= 0; number--) {
      const from = number === 0 ? path : `${path}.${number}`;
      await rename(from, `${path}.${number + 1}`).catch(unlessMissing);
    }
    await syncFolder(path);
  }
}

function openToAppend(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, FOR_THIS_USER);
}

async function isAt(path: string, handle: FileHandle): Promise<boolean> {
  const [there, ours] = await Promise.all([stat(path).catch(() => undefined), handle.stat()]);
  return there?.ino === ours.ino && there.dev === ours.dev;
}

/** The size of the file, its last line ended: what a crash or a full disk has cut off stays a line of its own, which is no letter. */
async function wholeLines(handle: FileHandle): Promise<number> {
  const info = await handle.stat();
  if (!info.isFile()) throw Object.assign(new Error('no file'), { code: 'EISDIR' });
  if (info.size === 0) return 0;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, info.size - 1);
  if (buffer[0] === NEWLINE) return info.size;
  await handle.appendFile('\n');
  return info.size + 1;
}

/** A new name is durable when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function unlessMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}

/** What somebody has to change before anything can be written there. */
function refusalOf(error: unknown): string | undefined {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'cannot be made: its folder does not exist';
    case 'ENOTDIR':
      return 'cannot be made: part of its path is no folder';
    case 'EISDIR':
      return 'is no regular file';
    case 'EACCES':
    case 'EPERM':
      return 'may not be written by this user';
    case 'EROFS':
      return 'is on a file system that is read-only';
    default:
      return undefined;
  }
}

/** What is no error of the file system is a bug, and stays what it is. */
function outageOf(error: unknown, name: string): unknown {
  const code = codeOf(error);
  if (code === undefined || error instanceof StoreOutage) return error;
  const reason = code === 'ENOSPC' || code === 'EDQUOT' ? 'has no room left' : refusalOf(error);
  return new StoreOutage(`${name} ${reason ?? `cannot be written (${code})`}`, { cause: error });
}

/** Of an error of the file system; undefined: it is none. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
