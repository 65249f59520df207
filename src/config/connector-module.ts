// Where the module is that a configuration names: a file beside the configuration, or a package that is installed there or
// beside this program. Node cannot be asked to resolve a package from a folder by the rules of `import`, so that is done here.

import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A URL to import, or the sentence that says why there is none. */
export type FoundModule = { readonly url: string } | { readonly missing: string };

const PACKAGE = /^((?:@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*)(\/[\w./~-]+)?$/i;
/** In what an `exports` of package.json distinguishes, what holds for an import here. */
const CONDITIONS = ['node', 'import', 'default'];

/** `name`: `./my-connector.mjs`, `/opt/my-connector.mjs`, `my-connector`, `@me/connectors/one`. */
export function moduleUrl(name: string, folder: string): FoundModule {
  if (/^\.{1,2}\//.test(name) || isAbsolute(name)) {
    const file = resolve(folder, name);
    return isFile(file) ? found(file) : { missing: `there is no file ${file}` };
  }
  const [, packageName, subpath = ''] = PACKAGE.exec(name) ?? [];
  const file = packageName === undefined ? undefined : entryFrom(folder, packageName, `.${subpath}`);
  if (file !== undefined) return found(file);
  const own = packageName === undefined ? undefined : besideThisProgram(name);
  if (own !== undefined) return { url: own };
  const hint = isFile(resolve(folder, name))
    ? `for the file beside the configuration write ./${name}`
    : 'install it there, or name a file as in ./my-connector.mjs';
  return { missing: `no package ${name} is installed for ${resolve(folder)}; ${hint}` };
}

function found(file: string): FoundModule {
  return { url: pathToFileURL(file).href };
}

function besideThisProgram(name: string): string | undefined {
  try {
    const url = import.meta.resolve(name);
    return url.startsWith('file:') ? url : undefined;
  } catch {
    return undefined;
  }
}

/** As Node looks for packages: in `node_modules` of the folder, then of those above it. */
function entryFrom(folder: string, packageName: string, subpath: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const home = join(at, 'node_modules', packageName);
    const manifest = manifestIn(home);
    const entry = manifest === undefined ? undefined : entryOf(manifest, subpath);
    if (entry !== undefined && isFile(join(home, entry))) return join(home, entry);
    if (dirname(at) === at) return undefined;
  }
}

function manifestIn(home: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

function entryOf({ exports, main }: Readonly<Record<string, unknown>>, subpath: string): string | undefined {
  if (exports === undefined || exports === null) {
    if (subpath !== '.') return subpath;
    return typeof main === 'string' ? main : 'index.js';
  }
  const bySubpath =
    typeof exports === 'object' && Object.keys(exports).some((key) => key.startsWith('.'))
      ? (exports as Readonly<Record<string, unknown>>)[subpath]
      : undefined;
  return targetOf(bySubpath ?? (subpath === '.' ? exports : undefined));
}

function targetOf(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (typeof target !== 'object' || target === null) return undefined;
  const [first] = Object.entries(target).flatMap(([condition, below]) =>
    CONDITIONS.includes(condition) ? (targetOf(below) ?? []) : [],
  );
  return first;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
