// A small project in a folder of its own, which scripts/supply-chain.mjs is let loose on.

import { afterEach } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly license?: string | undefined;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const INTEGRITY = `sha512-${'A'.repeat(86)}==`;
export const MIT: LockEntry = { version: '1.0.0', integrity: INTEGRITY, license: 'MIT' };

export interface Verdict {
  readonly code: number | null;
  readonly output: string;
}

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export class CheckedProject {
  readonly folder = mkdtempSync(join(tmpdir(), 'tailrace-chain-'));
  readonly manifest = {
    ...{ name: 'product', version: '1.0.0', license: 'MIT' },
    dependencies: { left: '1.0.0' } as Record<string, string>,
    devDependencies: { tool: '1.0.0' } as Record<string, string>,
  };
  /** By place. `left` needs `below`, `tool` is of the build. */
  readonly packages: Record<string, LockEntry> = {
    'node_modules/left': { ...MIT, dependencies: { below: '^1.0.0' } },
    'node_modules/below': MIT,
    'node_modules/tool': { ...MIT, dev: true },
  };
  waivers: readonly object[] = [];

  constructor() {
    folders.push(this.folder);
  }

  /** Writes the project as it is now and runs the script on it. */
  check(...argv: readonly string[]): Verdict {
    const { name, version, license, dependencies, devDependencies } = this.manifest;
    const root = { name, version, license, dependencies, devDependencies };
    const lock = {
      name,
      version,
      lockfileVersion: 3,
      requires: true,
      packages: { '': root, ...this.packages },
    };
    for (const sub of ['scripts', 'docs']) mkdirSync(join(this.folder, sub), { recursive: true });
    this.#write('package.json', this.manifest);
    this.#write('package-lock.json', lock);
    this.#write('scripts/audit-waivers.json', this.waivers);
    return supplyChain(...argv, '--root', this.folder);
  }

  /** `audit` on the first day of 2030, with this as npm's answer. */
  audit(answer: object): Verdict {
    this.#write('answer.json', answer);
    return this.check('audit', '--today', '2030-01-01', '--audit-report', join(this.folder, 'answer.json'));
  }

  #write(file: string, content: unknown): void {
    writeFileSync(join(this.folder, file), JSON.stringify(content));
  }
}

/** The script as it is called. */
export function supplyChain(...argv: readonly string[]): Verdict {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/supply-chain.mjs', ...argv], {
    encoding: 'utf8',
  });
  return { code: status, output: `${stdout}${stderr}` };
}
