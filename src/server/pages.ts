// Files that the public port serves beside the wire: the demo's page. Only files that were there when the directory was read
// are served, by their exact name, so no request can name another.

import { createReadStream, readdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream';

/** Answers a request that is none of the server's own; false: this is not mine either. */
export type PageHandler = (request: IncomingMessage, response: ServerResponse, pathname: string) => boolean;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
};

/** Serves the files of a directory, `/` being its index.html. Throws where the directory cannot be read. */
export function staticPages(directory: string): PageHandler {
  const files = new Map<string, string>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    files.set(`/${relative(directory, file).split(sep).join('/')}`, file);
  }
  return (request, response, pathname) => {
    const file = files.get(pathname === '/' ? '/index.html' : pathname);
    if (file === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
    response.writeHead(200, {
      'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
      'Cache-Control': 'no-cache',
      'X-Content-Type-Options': 'nosniff',
    });
    if (request.method === 'HEAD') response.end();
    else pipeline(createReadStream(file), response, () => undefined); // a reader that leaves is no fault
    return true;
  };
}
