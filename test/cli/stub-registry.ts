// An HTTP server that answers as a schema registry does, as far as readers ask it.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from '@jest/globals';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** What of a registry's API readers need. */
export async function registryOf(
  schemas: Readonly<Record<number, object>>,
  isUp: () => boolean = () => true,
): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    const found = url === '/subjects' ? [] : schemas[Number(/^\/schemas\/ids\/(\d+)/.exec(url)?.[1])];
    response.writeHead(!isUp() ? 503 : found === undefined ? 404 : 200, {
      'content-type': 'application/json',
    });
    response.end(JSON.stringify(found ?? { error_code: 40403, message: 'not found' }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** As Confluent's serializers write it: a zero byte, the number of the schema, the document. */
export const framed = (id: number, document: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.writeInt32BE(id, 1);
  return Buffer.concat([head, document]);
};
