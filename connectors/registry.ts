// The connectors that Tailrace is built with. A new one is a folder and a line here.

import type { SourceType } from './contract.js';
import { kafka } from './kafka/kafka.js';
import { postgres } from './postgres/postgres.js';
import { push } from './push/push.js';
import { rest } from './rest/rest.js';

/** In the order in which help texts list them; each is configured under its `type`. */
export const connectors: readonly SourceType<unknown>[] = [kafka, postgres, rest, push];
