// What a client of each strategy says and waits for until it is subscribed.

import type { StrategyName } from '../server/strategy.js';

export interface Wanted {
  /** Filters for Tailrace, names of paths for the others. */
  readonly paths: readonly string[];
  /** Tailrace only: the name of its role. */
  readonly token: string;
  /** Tailrace only: JSON pointers to the members that it wants; undefined: all. */
  readonly fields: readonly string[] | undefined;
}

export type Step =
  | { readonly say: readonly string[] }
  /** Subscribed, and in possession of all values where the strategy gives them. */
  | 'subscribed'
  | 'value'
  | undefined;

export interface Dialect {
  readonly requestPath: string;
  readonly subprotocol: string | undefined;
  /** What is said as soon as the WebSocket is open. */
  hello(wanted: Wanted): readonly string[];
  /** What a message means while the client is not subscribed yet. */
  read(message: string, wanted: Wanted): readonly Step[];
  /** Answer to a message that came afterwards and is no change, if one is due. */
  reply(message: string): string | undefined;
}

export const DIALECTS: Readonly<Record<StrategyName, Dialect>> = {
  tailrace: {
    requestPath: '/v1/stream',
    subprotocol: 'tailrace.v1.json',
    hello: ({ token, paths, fields }) => {
      const auth = { op: 'auth', id: 1, token, acks: true };
      return [
        `${JSON.stringify(auth)}\n${JSON.stringify({ op: 'subscribe', id: 2, filters: paths, fields })}`,
      ];
    },
    read: (message) =>
      message.split('\n').map((line): Step => {
        if (line.startsWith('[0,')) return 'value';
        if (line.includes('"error"')) throw new Error(line);
        return line.startsWith('{"op":"end"') ? 'subscribed' : undefined;
      }),
    reply: () => undefined,
  },
  naive: {
    requestPath: '/',
    subprotocol: undefined,
    hello: ({ paths }) => [JSON.stringify(paths)],
    read: (message) => [message === '{"ok":1}' ? 'subscribed' : undefined],
    reply: () => undefined,
  },
  // Engine.IO 4: one digit for the packet, one more for what Socket.IO means by a message
  'socket.io': {
    requestPath: '/socket.io/?EIO=4&transport=websocket',
    subprotocol: undefined,
    hello: () => [],
    read: (message, { paths }) => {
      if (message.startsWith('0')) return [{ say: ['40'] }];
      if (message.startsWith('40')) return [{ say: [`42${JSON.stringify(['sub', paths])}`] }];
      if (message === '2') return [{ say: ['3'] }];
      return [message === '42["ok"]' ? 'subscribed' : undefined];
    },
    reply: (message) => (message === '2' ? '3' : undefined),
  },
};
