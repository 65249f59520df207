// `npm run demo`: from a fresh clone to the page. Options go on to `tailrace demo`: `npm run demo -- --brokers host:9092`.

import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

import { ensureBuilt } from './build.mjs';
import { root } from './setup.mjs';

ensureBuilt();
// In this process, so that Ctrl-C has one receiver
process.argv.splice(1, 1, join(root, 'dist/src/main.js'), 'demo');
await import(pathToFileURL(process.argv[1]).href);
