// A WebSocket client that remembers every line, for tests of what the server says.

import { WebSocket } from 'ws';
import { SUBPROTOCOL_JSON } from '../../src/protocol/subprotocol.js';
import { until } from './until.js';

export interface ConnectOptions {
  readonly headers?: Record<string, string>;
  readonly subprotocols?: readonly string[];
  readonly path?: string;
  readonly autoPong?: boolean;
}

export interface ControlLine {
  readonly op?: string;
  readonly re?: number;
  readonly error?: { code: string; message: string; retryable: boolean; retryAfterMs?: number };
  readonly [field: string]: unknown;
}

export class TestClient {
  readonly control: ControlLine[] = [];
  /** In the order in which they are to be applied: those of a bracket when it has ended. */
  readonly data: unknown[][] = [];
  /** WebSocket messages received. */
  frames = 0;
  closed: { code: number; reason: string } | undefined;
  readonly ws: WebSocket;
  #bracket: unknown[][] | undefined;

  private constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (message: Buffer) => {
      this.frames += 1;
      for (const line of message.toString('utf8').split('\n')) {
        const value: unknown = JSON.parse(line);
        if (Array.isArray(value)) this.#take(value);
        else this.control.push(value as ControlLine);
      }
    });
    ws.on('close', (code, reason) => (this.closed = { code, reason: String(reason) }));
    ws.on('error', () => undefined);
  }

  #take(line: unknown[]): void {
    const tag = Number(line[0]);
    if (tag === 9) this.#bracket = [];
    else if (tag === 10) {
      this.data.push(...(this.#bracket ?? []));
      this.#bracket = undefined;
    } else if (tag < 7 && this.#bracket !== undefined) this.#bracket.push(line);
    else this.data.push(line);
  }

  /** Rejects with the HTTP status where the upgrade is refused. */
  static connect(port: number, o: ConnectOptions = {}): Promise<TestClient> {
    const ws = new WebSocket(
      `ws://127.0.0.1:${port}${o.path ?? '/v1/stream'}`,
      [...(o.subprotocols ?? [SUBPROTOCOL_JSON])],
      {
        headers: o.headers ?? {},
        autoPong: o.autoPong ?? true,
      },
    );
    const client = new TestClient(ws);
    return new Promise((resolve, reject) => {
      ws.once('open', () => resolve(client));
      ws.once('error', reject);
      ws.once('unexpected-response', (_request, response) => {
        response.resume();
        reject(new UpgradeRefused(response.statusCode ?? 0, response.headers));
        ws.terminate();
      });
    });
  }

  say(...commands: object[]): void {
    this.ws.send(commands.map((command) => JSON.stringify(command)).join('\n'));
  }

  async untilControl(op: string): Promise<ControlLine> {
    await until(`a line ${op}`, () => this.control.some((line) => line.op === op));
    return this.control.find((line) => line.op === op)!;
  }

  async reply(re: number): Promise<ControlLine> {
    await until(`a reply to ${re}`, () => this.control.some((line) => line.re === re));
    return this.control.find((line) => line.re === re)!;
  }

  async error(): Promise<NonNullable<ControlLine['error']>> {
    await until('an error', () => this.control.some((line) => line.error !== undefined));
    return this.control.find((line) => line.error !== undefined)!.error!;
  }

  async untilData(count: number): Promise<void> {
    await until(`${count} data lines`, () => this.data.length >= count);
  }

  async closing(): Promise<{ code: number; reason: string }> {
    await until('a close', () => this.closed !== undefined);
    return this.closed!;
  }

  terminate(): void {
    this.ws.terminate();
  }
}

export class UpgradeRefused extends Error {
  constructor(
    readonly status: number,
    readonly headers: Record<string, string | string[] | undefined>,
  ) {
    super(`the upgrade was refused with ${status}`);
  }
}
