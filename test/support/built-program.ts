// The program as it is installed, compiled once per test file, and started as a process whose lines and memory a test sees.

import { execFile, spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

import { until } from './kafka.js';

export interface LogLine {
  readonly event: string;
  readonly level: string;
  readonly time: string;
  readonly [fact: string]: unknown;
}

export interface StartOptions {
  /** Text of the configuration. */
  readonly config: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Of node itself. */
  readonly nodeArguments?: readonly string[];
}

/** A folder with the compiled program. */
export class BuiltProgram {
  readonly folder: string;
  readonly #running: RunningProgram[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Compiles, which takes some seconds. Types are checked elsewhere; here only the output matters. */
  static async build(): Promise<BuiltProgram> {
    const folder = await mkdtemp(join(tmpdir(), 'tailrace-built-'));
    const tsc = resolve('node_modules/typescript/bin/tsc');
    const options = ['--noCheck', '--incremental', 'false', '--outDir', join(folder, 'dist')];
    await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...options]);
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{"name":"tailrace","version":"9.8.7","type":"module"}');
    return new BuiltProgram(folder);
  }

  /** One verb to its end. */
  async verb(
    argv: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ code: number | null; output: string }> {
    const child = spawn(process.execPath, ['dist/src/main.js', ...argv], {
      ...{ cwd: this.folder, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes) => (output += String(bytes)));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output };
  }

  /** `tailrace run`; resolves when both ports listen. */
  async run({ config, env = {}, nodeArguments = [] }: StartOptions): Promise<RunningProgram> {
    const file = join(this.folder, `tailrace-${this.#running.length}.yaml`);
    writeFileSync(file, config);
    const child = spawn(process.execPath, [...nodeArguments, 'dist/src/main.js', 'run', '-c', file], {
      ...{ cwd: this.folder, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
    });
    const program = new RunningProgram(child);
    this.#running.push(program);
    await program.untilLine('listening');
    return program;
  }

  /** Ends what still runs, and removes the folder. */
  async close(): Promise<void> {
    for (const program of this.#running) await program.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export class RunningProgram {
  /** All that it wrote, stdout and stderr. */
  output = '';
  readonly lines: LogLine[] = [];
  /** Code or signal; undefined while it runs. */
  ended: { readonly code: number | null; readonly signal: string | null } | undefined;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #rest = '';

  constructor(child: ChildProcessByStdio<null, Readable, Readable>) {
    this.#child = child;
    child.stdout.on('data', (bytes) => (this.output += String(bytes)));
    child.stderr.on('data', (bytes) => this.#take(String(bytes)));
    child.on('close', (code, signal) => (this.ended = { code, signal }));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get publicUrl(): string {
    return String(this.lines.find(({ event }) => event === 'listening')?.['publicUrl']);
  }

  get adminUrl(): string {
    return String(this.lines.find(({ event }) => event === 'listening')?.['adminUrl']);
  }

  async untilLine(event: string, withinMs = 30_000): Promise<LogLine> {
    const found = (): LogLine | undefined => this.lines.find((line) => line.event === event);
    const isOver = (): boolean => found() !== undefined || this.ended !== undefined;
    await until(`the line ${event}`, isOver, withinMs);
    const line = found();
    if (line === undefined) throw new Error(`ended before the line ${event}: ${this.output}`);
    return line;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async untilEnd(
    withinMs = 30_000,
  ): Promise<{ readonly code: number | null; readonly signal: string | null }> {
    await until('the end of the process', () => this.ended !== undefined, withinMs);
    return this.ended ?? { code: null, signal: null };
  }

  /** Resident memory: now, and the highest since {@link forgetPeak}. Linux only. */
  memory(): { readonly nowMb: number; readonly peakMb: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, 'latin1');
    const mb = (field: string): number =>
      Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
    return { nowMb: Math.round(mb('VmRSS')), peakMb: Math.round(mb('VmHWM')) };
  }

  /** Throws with its last words where it has ended. */
  expectAlive(): void {
    if (this.ended === undefined) return;
    throw new Error(`ended with ${this.ended.code ?? this.ended.signal}: ${this.output.slice(-3_000)}`);
  }

  forgetPeak(): void {
    writeFileSync(`/proc/${this.pid}/clear_refs`, '5');
  }

  async kill(): Promise<void> {
    if (this.ended !== undefined) return;
    this.#child.kill('SIGKILL');
    await this.untilEnd();
  }

  #take(text: string): void {
    this.output += text;
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('{')) this.lines.push(JSON.parse(line) as LogLine);
    }
  }
}
