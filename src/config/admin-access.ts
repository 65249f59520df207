// Where a process's own operator's port is, and its token, told from the configuration without the rest of it: for verbs that ask
// that process. What cannot be read here is as if it were not written; the process itself is the judge of that.

import { envNameOf, OPTIONS, type Option } from './options.js';

/** Where variables and files are read. */
export interface AccessSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of a file that the configuration names; throws when it cannot be read. */
  readonly readFile: (path: string) => string;
}

export interface AdminAccess {
  readonly host: string;
  /** 0: any free port, so that nobody can tell which. */
  readonly port: number;
  /** Only looked for when it is asked for, since health needs none. */
  readonly token: () => string | undefined;
}

/** `text`: of the configuration; undefined where there is none. */
export async function adminAccess(
  text: string | undefined,
  surroundings: AccessSurroundings,
): Promise<AdminAccess> {
  const written = await writtenAdmin(text);
  const { host, port, token } = OPTIONS.admin;
  return {
    host: valueOf(host, 'host', written, surroundings) ?? '127.0.0.1',
    port: valueOf(port, 'port', written, surroundings) ?? 0,
    token: () => valueOf(token, 'token', written, surroundings),
  };
}

/** YAML takes a third of the time that `tailrace health` needs, so a file that does not speak of the section is not parsed. */
async function writtenAdmin(text: string | undefined): Promise<Readonly<Record<string, unknown>>> {
  if (text?.includes('admin') !== true) return {};
  const { parseDocument } = await import('yaml');
  const root: unknown = parseDocument(text, { prettyErrors: false }).toJS({ maxAliasCount: 100 });
  return mapping(mapping(root)['admin']);
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** The variable, then the file, then the default: the first that the option takes. */
function valueOf<T>(
  option: Option<T>,
  name: string,
  written: Readonly<Record<string, unknown>>,
  surroundings: AccessSurroundings,
): T | undefined {
  const candidates = [
    () => surroundings.env[envNameOf('admin', name)],
    () => referred(written[name], surroundings),
    () => option.default,
  ];
  for (const candidate of candidates) {
    const value = candidate();
    const parsed = value === undefined ? undefined : option.format.parse(value);
    if (parsed?.ok === true) return parsed.value;
  }
  return undefined;
}

/** `{ env: NAME }` and `{ file: PATH }` as what they stand for. */
function referred(node: unknown, { env, readFile }: AccessSurroundings): unknown {
  if (typeof node !== 'object' || node === null) return node;
  const { env: variable, file } = mapping(node);
  if (typeof variable === 'string') return env[variable];
  if (typeof file !== 'string') return undefined;
  try {
    return readFile(file).replace(/\r?\n$/, '');
  } catch {
    return undefined;
  }
}
