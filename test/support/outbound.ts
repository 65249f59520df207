// The way out for tests: what is public, and this machine, where they have their servers.

import { createOutbound } from '../../src/outbound/outbound.js';

export const loopbackOutbound = createOutbound({ allow: ['loopback'] });
