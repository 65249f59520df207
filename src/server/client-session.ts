// What an authenticated client asks for, done: commands go to fan-out, replies go back in order with the data.

import type { FanOut } from '../fanout/fan-out.js';
import type { Session } from '../fanout/session.js';
import {
  errorLine,
  subscribedLine,
  unsubscribedLine,
  valueLine,
  type CommandId,
  type WireError,
} from '../protocol/control-lines.js';
import type { Command, GetCommand, SubscribeCommand, UnsubscribeCommand } from '../protocol/commands.js';
import type { Utf8 } from '../topic/utf8.js';
import { count, type Traffic } from './traffic.js';

interface FilterLimits {
  readonly filtersPerSession: number;
  readonly filters: number;
}

/** Invariant: the filters of its subscriptions are together at most `filtersPerSession`, those of all sessions at most `filters`. */
export class ClientSession {
  readonly session: Session;
  readonly #fanOut: FanOut;
  readonly #traffic: Traffic;
  readonly #limits: FilterLimits;

  constructor(o: { session: Session; fanOut: FanOut; traffic: Traffic; limits: FilterLimits }) {
    this.session = o.session;
    this.#fanOut = o.fanOut;
    this.#traffic = o.traffic;
    this.#limits = o.limits;
  }

  run(command: Exclude<Command, { op: 'auth' }>): void {
    switch (command.op) {
      case 'subscribe':
        return this.subscribe(command);
      case 'unsubscribe':
        return this.#unsubscribe(command);
      case 'get':
        return this.#get(command);
      case 'ack':
        return; // acknowledges nothing new: inbound.ts hands on those that do
      case 'resync':
        return this.#fanOut.resync(this.session, command.alias);
    }
  }

  subscribe(command: SubscribeCommand): void {
    let held = 0;
    for (const { filters } of this.session.subscriptions.values()) held += filters.length;
    const { filtersPerSession, filters } = this.#limits;
    const wanted = command.filters.length;
    if (held + wanted > filtersPerSession)
      return this.#refuseFilters(command.id, `a session may have ${filtersPerSession} filters`);
    if (this.#fanOut.filters + wanted > filters)
      return this.#refuseFilters(command.id, 'all sessions together have too many filters');
    const { sub, n, rights } = this.#fanOut.subscribe(this.session, command);
    this.send(subscribedLine({ re: command.id, sub, n, rights }));
  }

  #refuseFilters(re: CommandId, message: string): void {
    count(this.#traffic.limitHits, 'filters');
    this.refuse({ re, code: 'limit', message });
  }

  refuse(error: WireError): void {
    this.#traffic.commandErrors += 1;
    this.send(errorLine(error));
  }

  send(line: Utf8): void {
    this.#fanOut.send(this.session, line);
  }

  /** For a last word: the line leaves now, behind all that the session is owed. */
  sendNow(line: Utf8): void {
    this.send(line);
    this.#fanOut.flush(this.session);
  }

  acked(frames: number): void {
    this.#fanOut.ack(this.session, frames);
  }

  #unsubscribe(command: UnsubscribeCommand): void {
    if (!this.#fanOut.unsubscribe(this.session, command.sub)) {
      this.refuse({
        re: command.id,
        code: 'unknown_subscription',
        message: 'no subscription of this number',
      });
      return;
    }
    this.send(unsubscribedLine(command.id, command.sub));
  }

  #get(command: GetCommand): void {
    const { id, path, fields } = command;
    const found = this.#fanOut.get(this.session, path, fields);
    if (found === undefined) this.refuse(notFound(id));
    else this.send(valueLine({ re: id, path, ...found }));
  }
}

function notFound(re: CommandId): WireError {
  return { re, code: 'not_found', message: 'there is no value at this path for this session' };
}
