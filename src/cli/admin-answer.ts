// Reads what an operator's port has answered. It may be another program's: nothing is taken for granted.

/** The JSON object that the text is; undefined: it is none. */
export function jsonIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Code and message of a refusal; undefined: it is none. */
export function errorIn(text: string): Readonly<Record<string, unknown>> | undefined {
  const error = jsonIn(text)?.['error'];
  return typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : undefined;
}
