// One WebSocket from its upgrade to its last log line: it authenticates, then obeys commands, until somebody ends it.
//
//   greeting --auth right--> open --expiry, fault, stop, peer--> ended
//      |                                                           ^
//      +------------- auth wrong, late, or something else ---------+

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../clock.js';
import type { FanOut } from '../fanout/fan-out.js';
import { CloseCode } from '../protocol/close-codes.js';
import type { AuthCommand, ParsedLine } from '../protocol/commands.js';
import {
  errorLine,
  goawayLine,
  refreshedLine,
  welcomeLine,
  type CommandId,
  type WireError,
} from '../protocol/control-lines.js';
import type { Log } from '../telemetry/logger.js';
import type { Ms } from '../topic/update.js';
import type { Utf8 } from '../topic/utf8.js';
import { NOBODY, type Authentication, type Authenticator, type AuthRefusal } from './auth/authenticator.js';
import { ClientSession } from './client-session.js';
import { Deadline, type DeadlineOwner } from './deadline.js';
import { closeLabel, Ending } from './ending.js';
import type { FrameCache } from './frame.js';
import { Inbound, type InboundHandler } from './inbound.js';
import type { SessionFigures } from './session-figures.js';
import { count, type Traffic } from './traffic.js';
import { WsListener, type ListenerOwner } from './ws-listener.js';

/** The part of the configured limits that a connection keeps. */
export interface ConnectionLimits {
  readonly maxMessageBytes: number;
  readonly authTimeoutMs: Ms;
  readonly filtersPerSession: number;
  /** Filters of all sessions together. */
  readonly filters: number;
  readonly inboundPerSecond: number;
  readonly inboundBurst: number;
  readonly beatMs: Ms;
}

/** What all connections of a server share. */
export interface ConnectionContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly fanOut: FanOut;
  readonly authenticator: Authenticator;
  readonly limits: ConnectionLimits;
  readonly traffic: Traffic;
  readonly frames: FrameCache;
}

/** Who a right token says that the client is. */
export type Identity = Extract<Authentication, { ok: true }>;

/** One accepted upgrade. */
export interface Peer {
  readonly ws: WebSocket;
  /** The socket of the upgrade event. */
  readonly socket: Duplex;
  /** Names the session in logs. */
  readonly id: string;
  readonly remote: string | undefined;
  /** From the `Authorization` header; undefined: the first message must tell. */
  readonly identity: Identity | undefined;
}

/** Invariant: no command is obeyed before the client is authenticated, or after the ending has begun. */
export class Connection implements InboundHandler, ListenerOwner, DeadlineOwner {
  readonly #context: ConnectionContext;
  readonly #peer: Peer;
  readonly #openedAt: Ms;
  readonly #ending: Ending;
  readonly #listener: WsListener;
  readonly #inbound: Inbound;
  readonly #deadline: Deadline;
  #client: ClientSession | undefined;

  constructor(context: ConnectionContext, peer: Peer) {
    const { clock, limits, traffic } = context;
    this.#context = context;
    this.#peer = peer;
    this.#openedAt = clock.monotonic();
    this.#ending = new Ending(peer.ws, clock);
    this.#listener = new WsListener({ ...peer, frames: context.frames, traffic, owner: this });
    this.#inbound = new Inbound({
      clock,
      limits,
      traffic,
      ws: peer.ws,
      listener: this.#listener,
      handler: this,
    });
    peer.ws.on('close', (code) => this.#closed(code));
    this.#deadline = new Deadline(clock, limits.authTimeoutMs, this);
    traffic.unauthenticated += 1;
    const { identity } = peer;
    if (identity !== undefined) this.#guard(() => this.#open(identity, { re: undefined, acks: false }));
  }

  /** The server stops: the client gets what it is owed, learns when to come back, and is closed with 1012. */
  stop(retryMs: Ms): void {
    this.end(CloseCode.Restart, 'the server stops', goawayLine(retryMs));
  }

  /** What it was let in by counts no more: data stops, and a new token brings it back as after an expiry. */
  distrust(): void {
    const { session } = this.#client ?? {};
    if (session === undefined) return; // it has yet to show who it is
    const now = this.#context.clock.now();
    session.expiresAt = now;
    this.#deadline.expireAt(now);
  }

  /** Closes it, unless it has shown a token that counts. */
  endIfExpired(): void {
    const { expiresAt } = this.#client?.session ?? {};
    if (expiresAt !== undefined && expiresAt <= this.#context.clock.now()) this.expired();
  }

  /** Drops the connection without a word, and what it has not sent. */
  terminate(): void {
    if (this.#ending.note({ code: 1006, reason: 'terminated' })) this.#release();
    this.#peer.ws.terminate();
  }

  /** For the operator; undefined: it has yet to show who it is, or has ended. */
  get figures(): SessionFigures | undefined {
    const { session } = this.#client ?? {};
    if (session === undefined || session.isClosed) return undefined;
    return {
      session: this.#peer.id,
      subject: session.principal.subject,
      remote: this.#peer.remote,
      isLagging: session.isLagging,
      unacknowledgedBytes: session.flow.unackedBytes,
      waitingPaths: session.dirty?.size ?? 0,
      subscriptions: session.subscriptions.size,
      sentBytes: this.#listener.bytes,
      openMs: Math.round(this.#context.clock.monotonic() - this.#openedAt),
    };
  }

  /** One line has arrived. */
  line(line: ParsedLine): void {
    this.#guard(() => this.#obey(line));
  }

  acked(frames: number): void {
    this.#client?.acked(frames);
  }

  broken(code: number, reason: string, error?: WireError): void {
    this.end(code, reason, error && errorLine(error));
  }

  faulted(code: number, reason: string): void {
    if (this.#ending.note({ code, reason })) this.#release();
  }

  notAuthenticated(): void {
    count(this.#context.traffic.limitHits, 'auth_timeout');
    this.end(CloseCode.AuthTimeout, 'no auth in time');
  }

  overdue(): void {
    const { session } = this.#client ?? {};
    if (session?.expiresAt === undefined) return;
    session.expiresAt = Math.min(session.expiresAt, this.#context.clock.now()); // the wall clock may lag behind
  }

  expired(): void {
    this.end(CloseCode.TokenExpired, 'the token expired');
  }

  #obey(line: ParsedLine): void {
    this.#context.traffic.commands += 1;
    if (line.kind === 'garbage') {
      this.#endWith(CloseCode.ProtocolError, { re: undefined, code: 'bad_message', message: line.message });
    } else if (line.kind === 'command' && line.command.op === 'auth') {
      this.#authenticate(line.command);
    } else if (this.#client === undefined) {
      this.#endWith(CloseCode.ProtocolError, lineBeforeAuth(line));
    } else if (line.kind === 'refused') {
      this.#client.refuse(line);
    } else if (line.command.op !== 'auth') {
      this.#client.run(line.command);
    }
  }

  /** Reading stops meanwhile: what waits is bounded by what had arrived, and obeyed in order afterwards. */
  #authenticate(command: AuthCommand): void {
    this.#inbound.hold();
    void this.#context.authenticator.authenticate(command.token).then((answer) => {
      if (this.#ending.outcome !== undefined) return;
      this.#guard(() => {
        this.#authenticated(command, answer);
        this.#inbound.resume();
      });
    });
  }

  #authenticated(command: AuthCommand, answer: Authentication): void {
    if (!answer.ok) {
      this.#refuse(command.id, answer.reason);
      return;
    }
    if (this.#client === undefined) this.#open(answer, { re: command.id, acks: command.acks });
    else this.#refresh(this.#client, command.id, answer);
    for (const each of command.subscribe) this.#client?.subscribe(each);
  }

  #open(identity: Identity, o: { re: CommandId | undefined; acks: boolean }): void {
    const { fanOut, traffic, limits } = this.#context;
    const { principal, expiresAt } = identity;
    const session = fanOut.open({ principal, listener: this.#listener, acks: o.acks, expiresAt });
    this.#client = new ClientSession({
      session,
      fanOut,
      traffic,
      limits,
    });
    this.#inbound.expectAcks(o.acks ? 'lines' : 'pongs');
    traffic.unauthenticated -= 1;
    traffic.sessions += 1;
    traffic.opens += 1;
    traffic.authenticated[principal.subject === NOBODY ? 'anonymous' : 'token'] += 1;
    this.#client.send(
      welcomeLine({
        re: o.re,
        session: this.#peer.id,
        partitions: fanOut.partitions,
        resumed: false,
        expiresAt,
        beatMs: limits.beatMs,
        limits: {
          messageBytes: limits.maxMessageBytes,
          filters: limits.filtersPerSession,
          commandsPerSecond: limits.inboundPerSecond,
          commandBurst: limits.inboundBurst,
        },
      }),
    );
    this.#deadline.expireAt(expiresAt);
  }

  /** Rights may change with a token; who the session belongs to may not. */
  #refresh(client: ClientSession, re: CommandId, identity: Identity): void {
    const { principal, expiresAt } = identity;
    if (principal.subject !== client.session.principal.subject) {
      this.#endWith(CloseCode.BadToken, {
        re,
        code: 'bad_token',
        message: 'the token belongs to somebody else',
      });
      return;
    }
    client.send(refreshedLine(re, expiresAt)); // before what the new rights bring
    this.#context.fanOut.refresh(client.session, principal, expiresAt);
    this.#context.traffic.authenticated.refreshed += 1;
    this.#deadline.expireAt(expiresAt);
  }

  /** The reason goes to the log and the metric: a client that guesses learns nothing. */
  #refuse(re: CommandId, reason: AuthRefusal): void {
    const { log, traffic } = this.#context;
    count(traffic.authRefusals, reason);
    log.info('token-refused', { session: this.#peer.id, reason });
    if (reason !== 'keys_unavailable') {
      this.#endWith(CloseCode.BadToken, { re, code: 'bad_token', message: 'the token was refused' });
      return;
    }
    const error: WireError = { re, code: 'unavailable', message: 'the token cannot be checked at present' };
    if (this.#client === undefined) this.#endWith(CloseCode.Overloaded, error);
    else this.#client.refuse(error);
  }

  #endWith(code: CloseCode, error: WireError): void {
    this.#context.traffic.commandErrors += 1;
    this.end(code, error.message, errorLine(error));
  }

  /** The one way to end a connection that still works: its last line, then the close frame. */
  end(code: number, reason: string, lastLine?: Utf8): void {
    if (!this.#ending.note({ code, reason })) return;
    if (lastLine !== undefined) {
      if (this.#client === undefined) this.#listener.write(lastLine);
      else this.#client.sendNow(lastLine);
    }
    this.#release();
    this.#ending.tellPeer();
  }

  /** Nothing of this connection is in fan-out, in a timer or in the counts any more. */
  #release(): void {
    const { fanOut, traffic } = this.#context;
    this.#inbound.stop();
    this.#deadline.cancel();
    if (this.#client === undefined) {
      traffic.unauthenticated -= 1;
    } else {
      traffic.sessions -= 1;
      fanOut.close(this.#client.session);
    }
  }

  #closed(code: number): void {
    if (this.#ending.note({ code, reason: 'closed by the client' })) this.#release();
    this.#ending.done();
    const { clock, log, traffic } = this.#context;
    const outcome = this.#ending.outcome ?? { code, reason: '' };
    count(traffic.closes, closeLabel(outcome.code));
    log.info('session-closed', {
      session: this.#peer.id,
      remote: this.#peer.remote,
      subject: this.#client?.session.principal.subject,
      ...outcome,
      durationMs: Math.round(clock.monotonic() - this.#openedAt),
      subscriptions: this.#client?.session.subscriptions.size,
      sentFrames: this.#listener.written,
      sentBytes: this.#listener.bytes,
    });
  }

  /** A bug in obeying one client must not end the others. */
  #guard(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#context.log.error('session-failed', { session: this.#peer.id, error });
      this.end(CloseCode.InternalError, 'internal error');
    }
  }
}

function lineBeforeAuth(line: ParsedLine): WireError {
  if (line.kind === 'refused') return line;
  const re = line.kind === 'command' && 'id' in line.command ? line.command.id : undefined;
  return { re, code: 'unauthenticated', message: 'the first command must be auth' };
}
