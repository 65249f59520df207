// Opens and closes an HTTP server on a configured address, for the public and the admin port alike.

import { createServer, type Server } from 'node:http';
import { TailraceError } from '../errors.js';
import type { Ms } from '../topic/update.js';

export interface Address {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

const MAX_HEADER_BYTES = 16 * 1024;

/** A server that cuts off requests which take longer than `requestMs` to arrive, head and body. */
export function newHttpServer(requestMs: Ms): Server {
  return createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.max(10, Math.min(1_000, requestMs / 4)),
    keepAliveTimeout: 5_000,
  });
}

/** Resolves with the address that it got. Rejects with a TailraceError `address-unavailable`. */
export function listen(server: Server, address: Address): Promise<Address> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void => {
      const text = `cannot listen on ${address.host}:${address.port}`;
      reject(new TailraceError('address-unavailable', text, { cause }));
    };
    server.once('error', failed);
    server.listen(address.port, address.host, () => {
      server.off('error', failed);
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
      resolve({ host: address.host, port });
    });
  });
}
