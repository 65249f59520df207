// The agents whose connections a Guard judges. It happens in `createConnection`, so that an agent of somebody else that hands its
// connections on to one of these is guarded too. A proxy that the environment names is not used: it would be who connects.

import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { AddressRefused } from './address-refused.js';
import type { Guard } from './guard.js';

/**
 * Idle connections are kept for the next request to the same host, with the same TLS options, but shorter than servers commonly
 * do (5 s and more): a request on a connection that just closes fails.
 */
const KEPT = { keepAlive: true, timeout: 4_000 };

/** Options of an agent win over those of a request, the environment and the command line. */
const VERIFIED = { rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;

type Connected = (error: Error | null, stream: Duplex) => void;

export class GuardedHttpAgent extends HttpAgent {
  readonly #guard: Guard;

  constructor(guard: Guard) {
    super(KEPT);
    this.#guard = guard;
  }

  override createConnection(options: ClientRequestArgs, connected?: Connected): Duplex | null | undefined {
    const fault = faultOf(options, this.#guard);
    if (fault !== undefined) return refuse(fault, connected);
    return super.createConnection({ ...options, lookup: this.#guard.lookup }, connected);
  }
}

export class GuardedHttpsAgent extends HttpsAgent {
  readonly #guard: Guard;

  constructor(guard: Guard) {
    super({ ...KEPT, ...VERIFIED });
    this.#guard = guard;
  }

  override createConnection(options: ClientRequestArgs, connected?: Connected): Duplex | null | undefined {
    const fault = faultOf(options, this.#guard);
    if (fault !== undefined) return refuse(fault, connected);
    return super.createConnection({ ...options, lookup: this.#guard.lookup }, connected);
  }
}

/** Ends connections, also those in use, to what is not allowed any more. */
export function cutRefused(agent: HttpAgent, guard: Guard): void {
  const sockets = [...Object.values(agent.freeSockets), ...Object.values(agent.sockets)].flat();
  for (const socket of sockets) {
    const fault = socket?.remoteAddress === undefined ? undefined : guard.faultOf(socket.remoteAddress);
    if (fault !== undefined) socket?.destroy(fault);
  }
}

/** Names are judged when they are looked up, which does not happen to addresses. */
function faultOf({ host, socketPath }: ClientRequestArgs, guard: Guard): AddressRefused | undefined {
  if (typeof socketPath === 'string')
    return new AddressRefused(`${socketPath} is a socket of this machine, which no request may go to`);
  return typeof host === 'string' && isIP(host) !== 0 ? guard.faultOf(host) : undefined;
}

function refuse(fault: AddressRefused, connected: Connected | undefined): undefined {
  if (connected === undefined) throw fault;
  connected(fault, new Socket()); // who is told of an error looks at no stream
}
