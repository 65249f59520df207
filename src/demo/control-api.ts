// The demo's small HTTP API under /demo/: tokens, the pace of the market, the broker, and the buttons that change orders. It gives
// tokens to whoever asks, so it answers only pages of its own origin, and this machine only unless it was told that others may ask.

import type { IncomingMessage, ServerResponse } from 'node:http';

import { isLoopback } from '../config/auth.js';
import type { PageHandler } from '../server/pages.js';
import type { DemoBroker } from './demo-broker.js';
import type { MarketFeed } from './market-feed.js';
import { WATCHED_ACCOUNT } from './market.js';
import { isOrderAction, type PressButton, type Pressed } from './order-buttons.js';
import { isDemoRole, REGULATED_REGION, tokenFor } from './tokens.js';
import type { WeatherFeed } from './weather-feed.js';

const PREFIX = '/demo/';
const MAX_BODY_BYTES = 1_024;

export interface ControlApiOptions {
  readonly feed: MarketFeed;
  readonly weather: Pick<WeatherFeed, 'polls'>;
  readonly broker: DemoBroker;
  readonly press: PressButton;
  /** What tokens are signed with. */
  readonly secret: string;
  /** false: a container's port is asked by its gateway, so it does not matter from which address a request comes. */
  readonly isForThisMachine: boolean;
}

type Answer = { readonly status: number; readonly body: object };
type Body = Readonly<Record<string, unknown>>;

/** Handles everything under /demo/. */
export function controlApi(options: ControlApiOptions): PageHandler {
  return (request, response, pathname) => {
    if (!pathname.startsWith(PREFIX)) return false;
    void answer(request, pathname.slice(PREFIX.length), options)
      .catch((): Answer => ({ status: 400, body: { error: 'not understood' } }))
      .then((given) => write(response, given));
    return true;
  };
}

async function answer(request: IncomingMessage, name: string, options: ControlApiOptions): Promise<Answer> {
  if (!isFromOwnPage(request) || (options.isForThisMachine && !isFromThisMachine(request)))
    return { status: 403, body: { error: 'only for pages of this machine' } };
  const { feed, weather, broker, press, secret } = options;
  if (request.method === 'GET' && name === 'state') {
    const { rate, sent } = feed;
    const { polls } = weather;
    const watched = { account: WATCHED_ACCOUNT, region: REGULATED_REGION };
    return ok({ ...watched, rate, sent, polls, broker: broker.state });
  }
  if (request.method !== 'POST') return { status: 404, body: { error: 'nothing here' } };
  const body = await bodyOf(request);
  switch (name) {
    case 'token':
      return isDemoRole(body['role']) ? ok({ token: tokenFor(body['role'], secret) }) : bad('no such role');
    case 'rate':
      if (typeof body['perSecond'] !== 'number') return bad('perSecond must be a number');
      feed.rate = body['perSecond'];
      return ok({ rate: feed.rate });
    case 'broker':
      await (body['isRunning'] === true ? broker.start() : broker.kill());
      return ok({ broker: broker.state });
    case 'orders':
      return isOrderAction(body['action']) ? pressed(press(body['action'])) : bad('no such action');
    default:
      return { status: 404, body: { error: 'nothing here' } };
  }
}

/** Another site's page cannot read `/demo/token`: its Origin differs, and a name that it points at this machine is no Host of ours. */
function isFromOwnPage({ headers }: IncomingMessage): boolean {
  const host = headers.host ?? '';
  const isLocal = isLoopback(host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1'));
  const isOwnPage = headers.origin === undefined || headers.origin === `http://${host}`;
  return isLocal && isOwnPage;
}

function isFromThisMachine({ socket }: IncomingMessage): boolean {
  return isLoopback((socket.remoteAddress ?? '').replace(/^::ffff:/, ''));
}

async function bodyOf(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = chunk as Buffer;
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) throw new RangeError('the body is too long');
    chunks.push(part);
  }
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  if (typeof body !== 'object' || body === null) throw new TypeError('the body is no object');
  return body as Body;
}

function write(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

function pressed(running: Promise<Pressed>): Promise<Answer> {
  return running.then(ok, (error: unknown) => ({
    status: 503,
    body: { error: error instanceof Error ? error.message : String(error) },
  }));
}

function ok(body: object): Answer {
  return { status: 200, body };
}

function bad(error: string): Answer {
  return { status: 400, body: { error } };
}
