// JSON for the oracle and the checking client: one order of keys, so that equal values have equal text; and the two
// kinds of delta applied as their RFCs say, step by step, with no thought for speed.

export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };

export function isRecord(value: unknown): value is Record<string, Value> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Text that is equal exactly for equal values; `absent` for no value. */
export function canonical(value: Value | undefined): string {
  if (value === undefined) return 'absent';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}

/** RFC 7396, the pseudo code of section 2. */
export function mergePatch(target: Value, patch: Value): Value {
  if (!isRecord(patch)) return patch;
  const result: Record<string, Value> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key] ?? null, value);
  }
  return result;
}

export interface Operation {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly value?: Value;
}

/** RFC 6902, sections 4.1 to 4.3; anything that the RFC calls an error throws. */
export function jsonPatch(target: Value, operations: readonly Operation[]): Value {
  return operations.reduce((value, operation) => operate(value, tokensOf(operation.path), operation), target);
}

export function tokensOf(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw new Error(`not a JSON pointer: ${pointer}`);
  const tokens = pointer.slice(1).split('/');
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function operate(target: Value, [token, ...rest]: string[], operation: Operation): Value {
  if (token === undefined) {
    if (operation.op === 'remove' || operation.value === undefined)
      throw new Error('the whole value needs a value');
    return operation.value;
  }
  if (Array.isArray(target)) return operateOnArray(target, token, rest, operation);
  if (!isRecord(target)) throw new Error(`nothing inside of ${canonical(target)}`);
  const exists = Object.hasOwn(target, token);
  if (!exists && (rest.length > 0 || operation.op !== 'add')) throw new Error(`no member ${token}`);
  const { [token]: member, ...others } = target;
  if (rest.length > 0) return { ...others, [token]: operate(member!, rest, operation) };
  return operation.op === 'remove' ? others : { ...others, [token]: required(operation) };
}

function operateOnArray(
  target: readonly Value[],
  token: string,
  rest: string[],
  operation: Operation,
): Value {
  const index = token === '-' ? target.length : Number(token);
  if (token !== '-' && !/^(0|[1-9]\d*)$/.test(token)) throw new Error(`not an index: ${token}`);
  const isInsert = rest.length === 0 && operation.op === 'add';
  if (index > (isInsert ? target.length : target.length - 1)) throw new Error(`no element ${token}`);
  if (rest.length > 0) return target.with(index, operate(target[index]!, rest, operation));
  if (operation.op === 'remove') return target.toSpliced(index, 1);
  return target.toSpliced(index, isInsert ? 0 : 1, required(operation));
}

function required(operation: Operation): Value {
  if (operation.value === undefined) throw new Error(`${operation.op} without a value`);
  return operation.value;
}
