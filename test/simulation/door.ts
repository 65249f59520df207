// The server's part of the simulation: command lines become calls of fan-out, and replies go back in order with the data.

import type { FanOut } from '../../src/fanout/fan-out.js';
import type { Session } from '../../src/fanout/session.js';
import { refreshedLine, subscribedLine, unsubscribedLine } from '../../src/protocol/control-lines.js';
import { parseMessage, type Command } from '../../src/protocol/commands.js';
import type { Principal } from '../../src/entitle/principal.js';
import { Violation } from '../checker/violation.js';

/** What the token of an `auth` command says. */
export interface Identity {
  readonly principal: Principal;
  readonly expiresAt: number | undefined;
}

export interface DoorOptions {
  readonly fanOut: FanOut;
  readonly session: Session;
  readonly identify: (token: string | undefined) => Identity;
}

/** Does what a command line asks for. The client is ours, so a line that is refused is a fault of the protocol's parser. */
export function obey(door: DoorOptions, line: string): void {
  for (const parsed of parseMessage(line)) {
    if (parsed.kind !== 'command') throw new Violation('wire', `refused: ${line}`);
    run(door, parsed.command);
  }
}

function run({ fanOut, session, identify }: DoorOptions, command: Command): void {
  switch (command.op) {
    case 'auth': {
      const { principal, expiresAt } = identify(command.token);
      fanOut.refresh(session, principal, expiresAt);
      return fanOut.send(session, refreshedLine(command.id, expiresAt));
    }
    case 'subscribe':
      return fanOut.send(session, subscribedLine({ re: command.id, ...fanOut.subscribe(session, command) }));
    case 'unsubscribe':
      fanOut.unsubscribe(session, command.sub);
      return fanOut.send(session, unsubscribedLine(command.id, command.sub));
    case 'ack':
      return fanOut.ack(session, command.frames);
    case 'resync':
      return fanOut.resync(session, command.alias);
    case 'get':
      return;
  }
}
