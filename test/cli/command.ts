// Runs command lines within the test: real verbs, captured streams, and a pipeline that the test holds in its hands.

import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { connectors } from '../../connectors/registry.js';
import { terminal } from '../../src/cli/output.js';
import { runProgram, type ProgramContext } from '../../src/cli/program.js';
import { createLog } from '../../src/telemetry/logger.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Paths of files in a folder of their own, gone after the test. */
export function filesWith(contents: Readonly<Record<string, string>>): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-cli-'));
  folders.push(folder);
  return Object.fromEntries(
    Object.entries(contents).map(([name, content]) => {
      const path = join(folder, name);
      writeFileSync(path, content);
      return [name, path];
    }),
  );
}

export interface Captured {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One command line to its end. `override` replaces what the program is given. */
export async function tailrace(
  argv: readonly string[],
  override: Partial<ProgramContext> = {},
): Promise<Captured> {
  const streams = { stdout: new Capture(), stderr: new Capture() };
  const output = terminal(streams as unknown as Parameters<typeof terminal>[0]);
  const code = await runProgram(argv, {
    output,
    connectors: () => Promise.resolve(connectors),
    startPipeline: () => Promise.reject(new Error('this test starts nothing')),
    runDemo: () => Promise.reject(new Error('this test shows nothing')),
    version: '1.2.3',
    env: {},
    stderr: { isTTY: false },
    terminal: { stdin: process.stdin, stdout: { isTTY: false } as NodeJS.WriteStream },
    loadLogger: () =>
      Promise.resolve((options) => createLog({ ...options, write: (line) => streams.stderr.write(line) })),
    signals: new EventEmitter(),
    exitNow: () => undefined,
    ...override,
  });
  return { code, stdout: streams.stdout.text, stderr: streams.stderr.text };
}

class Capture {
  text = '';
  write(chunk: string, done?: () => void): boolean {
    this.text += chunk;
    done?.();
    return true;
  }
}

export const CONFIG = `listen: { host: 127.0.0.1, port: 0 }
auth:
  jwt: { secret: { env: TOKEN_SECRET }, issuer: https://idp.example, audience: tailrace }
sources:
  - name: orders
    kafka: { brokers: [kafka:9092], topics: [orders] }
    map:
      - path: orders/{value.account}/{key}
        when: value.kind == 'order'
        deleteWhen: value.gone == true
        value: { omit: [/internal] }
  - name: quotes
    kafka: { brokers: [kafka:9092], topics: [quotes] }
    map: [{ path: "prices/{value.symbol}" }]
entitlements:
  - { allow: [trader], paths: ["**"] }
  - { allow: [customer], paths: ["orders/{claims.account}/**"], hide: [/margin], claims: { region: [EU, UK] } }
  - { deny: [suspended], paths: ["**"] }
`;
