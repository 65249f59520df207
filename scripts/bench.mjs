// `npm run bench`: installs and compiles if need be, then runs the benchmark. `npm run bench -- --help` shows its options.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { ensureBenchBuilt } from './build.mjs';
import { root } from './setup.mjs';

ensureBenchBuilt();
await import(pathToFileURL(join(root, 'dist-bench/bench/main.js')).href);
