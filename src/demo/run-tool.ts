// Runs a command-line tool to its end and keeps the last line that tells why it failed.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface ToolResult {
  readonly code: number;
  /** The last line with ERROR or an exception in it, else the last line; shortened. */
  readonly lastError: string;
  /** Everything that it wrote to standard output. */
  readonly output: string;
}

/** `onLine` sees each line of both outputs as it comes. `input` is written to its standard input. Never throws. */
export async function runTool(
  program: string,
  args: readonly string[],
  onLine: (line: string) => void = () => undefined,
  input = '',
): Promise<ToolResult> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const output: string[] = [];
  let lastLine = '';
  let lastError = '';
  const take = (line: string): void => {
    onLine(line);
    if (line.trim() === '') return;
    lastLine = line;
    if (lastError === '' && /ERROR|Exception|Error:/.test(line)) lastError = line;
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    output.push(line);
    take(line);
  });
  createInterface({ input: child.stderr }).on('line', take);
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const code = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(-1));
    child.once('close', (exit) => resolve(exit ?? -1));
  });
  return { code, lastError: (lastError || lastLine).slice(0, 300), output: output.join('\n') };
}
