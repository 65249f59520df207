// JSON that is known when a schema is compiled.

/** Of a name, a text, a number or a switch. */
export function jsonText(value: string | number | boolean): Buffer {
  return Buffer.from(JSON.stringify(value));
}
