// The way out for sources under test: to everywhere, since the upstreams of a harness are on this machine or beside it. Whoever
// runs Tailrace decides that for sources in earnest.

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Outbound } from '../contract.js';

/** Keeps no connection, so that the end of an upstream is not held up. */
export const OPEN_OUTBOUND: Outbound = {
  httpAgent: new HttpAgent(),
  httpsAgent: new HttpsAgent(),
  fetch: (url, init = {}) => fetch(url, { redirect: 'manual', ...init }),
};
