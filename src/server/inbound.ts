// What arrives on one WebSocket: its lines in order and within the rate, what it acknowledges, and signs of life. It does not
// know what a line means.

import type { WebSocket } from 'ws';
import type { Clock } from '../clock.js';
import { CloseCode } from '../protocol/close-codes.js';
import { parseMessage, type ParsedLine } from '../protocol/commands.js';
import type { WireError } from '../protocol/control-lines.js';
import { Heartbeat, type HeartbeatPeer } from './heartbeat.js';
import { RateLimit } from './limits.js';
import { count, type Traffic } from './traffic.js';
import { faultOfWs } from './ws-faults.js';
import { framesOfPong, type WsListener } from './ws-listener.js';

export interface InboundHandler {
  line(line: ParsedLine): void;
  /** The client has processed this many messages: more than it said before, and no more than were sent. */
  acked(frames: number): void;
  /** The peer broke a rule of the transport, or is not there any more. */
  broken(code: number, reason: string, error?: WireError): void;
  /** ws has found bytes that it does not take, and has begun to close with this code itself. */
  faulted(code: number, reason: string): void;
}

/**
 * Invariant: lines reach the handler in the order in which they came and never while held. Each costs one of the rate; an `ack`
 * is free where it acknowledges something new, so free ones are bounded by what was sent.
 */
export class Inbound implements HeartbeatPeer {
  readonly #ws: WebSocket;
  readonly #listener: WsListener;
  readonly #traffic: Traffic;
  readonly #handler: InboundHandler;
  readonly #rate: RateLimit;
  readonly #heartbeat: Heartbeat;
  #waiting: ParsedLine[] = [];
  #state: 'flowing' | 'held' | 'stopped' = 'flowing';
  #acksBy: 'nothing' | 'lines' | 'pongs' = 'nothing';
  #acked = 0;

  constructor(o: {
    clock: Clock;
    ws: WebSocket;
    listener: WsListener;
    traffic: Traffic;
    limits: { readonly inboundPerSecond: number; readonly inboundBurst: number };
    handler: InboundHandler;
  }) {
    this.#ws = o.ws;
    this.#listener = o.listener;
    this.#traffic = o.traffic;
    this.#handler = o.handler;
    this.#rate = new RateLimit(o.clock, {
      perSecond: o.limits.inboundPerSecond,
      burst: o.limits.inboundBurst,
    });
    this.#heartbeat = new Heartbeat(o.clock, this);
    this.#listen();
  }

  /** From here on the client acknowledges, by `ack` lines or by answering pings. */
  expectAcks(by: 'lines' | 'pongs'): void {
    this.#acksBy = by;
  }

  /** Reads no more until {@link resume}; what has arrived already waits. */
  hold(): void {
    this.#state = 'held';
    this.#ws.pause();
  }

  resume(): void {
    if (this.#state !== 'held') return;
    this.#state = 'flowing';
    this.#ws.resume();
    this.#deliver();
  }

  /** For the heartbeat: are you there? */
  ask(): void {
    this.#listener.ping(this.#listener.written);
  }

  sentBytes(): number {
    return this.#listener.bytes;
  }

  lost(): void {
    this.#handler.broken(CloseCode.NoPong, 'nothing was heard');
  }

  /** Nothing reaches the handler any more. */
  stop(): void {
    this.#state = 'stopped';
    this.#waiting = [];
    this.#heartbeat.stop();
  }

  #listen(): void {
    this.#ws.on('message', (data, isBinary) => {
      if (this.#state === 'stopped') return; // ws delivers what it had buffered, also after a close
      this.#heartbeat.heard();
      if (isBinary) this.#handler.broken(CloseCode.UnsupportedData, 'binary message');
      else this.#take((data as Buffer).toString('utf8')); // ws: one Buffer, and valid UTF-8
    });
    this.#ws.on('ping', () => this.#onControl());
    this.#ws.on('pong', (payload) => this.#onPong(payload));
    this.#ws.on('error', (error) => {
      const fault = faultOfWs(error);
      if (fault.limit !== undefined) count(this.#traffic.limitHits, fault.limit);
      this.#handler.faulted(fault.code, fault.name);
    });
  }

  #take(text: string): void {
    let lines = 0;
    for (const line of parseMessage(text)) {
      lines += 1;
      if (this.#isNewAck(line)) continue;
      if (!this.#pay()) return;
      this.#waiting.push(line);
    }
    if (lines === 0) this.#pay(); // an empty message is work, too
    this.#deliver();
  }

  #deliver(): void {
    while (this.#state === 'flowing') {
      const line = this.#waiting.shift();
      if (line === undefined) return;
      this.#handler.line(line);
    }
  }

  #isNewAck(line: ParsedLine): boolean {
    if (line.kind !== 'command' || line.command.op !== 'ack' || this.#acksBy !== 'lines') return false;
    return this.#acknowledge(line.command.frames);
  }

  #acknowledge(frames: number): boolean {
    if (frames <= this.#acked || frames > this.#listener.written) return false;
    this.#acked = frames;
    this.#handler.acked(frames);
    return true;
  }

  #onPong(payload: Buffer): void {
    const frames = framesOfPong(payload);
    const isAnswer = frames !== undefined && this.#acksBy === 'pongs' && this.#acknowledge(frames);
    if (isAnswer) this.#heartbeat.heard();
    else this.#onControl();
  }

  /** Pings, and pongs that acknowledge nothing, cost like a command. */
  #onControl(): void {
    if (this.#state === 'stopped') return;
    this.#heartbeat.heard();
    this.#pay();
  }

  #pay(): boolean {
    if (this.#rate.take()) return true;
    count(this.#traffic.limitHits, 'inbound');
    const retryAfterMs = this.#rate.retryAfterMs();
    const error: WireError = { re: undefined, code: 'rate', message: 'too many commands', retryAfterMs };
    this.#handler.broken(CloseCode.RateLimited, 'too many commands', error);
    return false;
  }
}
