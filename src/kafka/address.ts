// Addresses of brokers as people write them: `host:port`, `[::1]:9092`, several in one text with commas between.

export interface Address {
  readonly host: string;
  readonly port: number;
}

const PORT = '([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';
const ONE = `(\\[[0-9A-Fa-f:.]+(%[^\\s,\\]]+)?\\]|[^\\s,/:\\[\\]]+):${PORT}`;

/** One text, which may hold several addresses: for a JSON Schema. */
export const ADDRESSES_PATTERN = `^\\s*${ONE}(\\s*,\\s*${ONE})*\\s*,?\\s*$`;

/** `written` fits {@link ADDRESSES_PATTERN}, each. In order, each once. */
export function brokerAddresses(written: string | readonly string[]): string[] {
  const texts = [written].flat().flatMap((text) => text.split(','));
  return [...new Set(texts.map((text) => text.trim()).filter((text) => text !== ''))];
}

/** `text` is one address, or a host alone, whose port is Kafka's usual one. */
export function parseAddress(text: string): Address {
  const match = /^(.*):([0-9]{1,5})$/.exec(text);
  const [host, port] = [match?.[1] ?? text, Number(match?.[2] ?? 9092)];
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port };
}

export function addressText({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
