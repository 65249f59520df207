// A push source in a process that is killed while senders wait, again and again: what is promised then, and no more.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { Watcher } from '../pipeline/watcher.js';
import { until } from '../server/until.js';
import { BuiltProgram, type RunningProgram } from '../support/built-program.js';
import { isLong } from '../support/long.js';

const KILLS = isLong ? 20 : 2;
const SENDERS = 8;
const TOKEN = 'the-admin-token-of-this-test';
const CONFIG = `
listen: { host: 127.0.0.1, port: 0 }
admin: { host: 127.0.0.1, port: 0 }
auth: none
sources: [{ name: jobs, push: {}, map: [{ path: "jobs/{key}" }] }]
entitlements: [{ allow: everyone, paths: ["**"] }]
`;

interface Answer {
  readonly status: number;
  readonly isReplayed: boolean;
  readonly since: number;
}

async function push(program: RunningProgram, key: string, n: number): Promise<Answer> {
  const response = await fetch(`${program.adminUrl}/v1/push/jobs`, {
    method: 'POST',
    headers: {
      ...{ authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      'idempotency-key': `${key}-${n}`,
    },
    body: JSON.stringify({ key, value: { n } }),
  });
  const { since = 0 } = (await response.json()) as { readonly since?: number };
  return { status: response.status, since, isReplayed: response.headers.has('idempotency-replayed') };
}

/** Sends one number after the other, and goes on only once it has its answer. */
class Sender {
  readonly key: string;
  /** The last number that was answered with success, and the one that was sent last. */
  answered = 0;
  sent = 0;
  /** Statuses that are none. */
  readonly odd: number[] = [];
  readonly ended: Promise<void>;

  constructor(program: RunningProgram, key: string) {
    this.key = key;
    this.ended = this.#send(program).catch(() => undefined); // the connection broke
  }

  async #send(program: RunningProgram): Promise<void> {
    for (;;) {
      const { status } = await push(program, this.key, ++this.sent);
      if (status === 200) this.answered = this.sent;
      else this.odd.push(status);
    }
  }
}

let built: BuiltProgram;
let watcher: Watcher | undefined;
beforeAll(async () => {
  built = await BuiltProgram.build();
}, 120_000);
afterAll(async () => {
  watcher?.stop();
  await built.close();
});

const run = (): Promise<RunningProgram> =>
  built.run({ config: CONFIG, env: { TAILRACE__ADMIN__TOKEN: TOKEN } });

describe('a process that is killed', () => {
  test(`leaves no sender waiting, and begins with nothing: who sends again is taken anew (${KILLS} times)`, async () => {
    let program = await run();
    let since = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      watcher = new Watcher(program.publicUrl);
      await until('a client', () => watcher?.isLive === true);
      const senders = Array.from({ length: SENDERS }, (_, i) => new Sender(program, `k${i}`));
      const enough = 10 + Math.floor(40 * Math.random());
      await until('answers', () => senders.every(({ answered }) => answered >= enough), 30_000);
      program.signal('SIGKILL');
      await program.untilEnd();
      await Promise.all(senders.map(({ ended }) => ended));
      for (const { key, answered, sent, odd } of senders) {
        expect([odd, sent - answered]).toEqual([[], 1]);
        const seen = watcher.values.get(`jobs/${key}`) as { readonly n: number } | undefined;
        expect(seen?.n ?? 0).toBeLessThanOrEqual(sent); // what it was sent, and nothing else
      }
      watcher.stop();

      program = await run();
      watcher = new Watcher(program.publicUrl);
      await until('a client', () => watcher?.isLive === true);
      expect([...watcher.values]).toEqual([]);
      const again = await Promise.all(senders.map(({ key, sent }) => push(program, key, sent)));
      expect(new Set(again.map(({ status, isReplayed }) => `${status} ${isReplayed}`))).toEqual(
        new Set(['200 false']),
      );
      expect(again[0]?.since).toBeGreaterThan(since);
      since = again[0]?.since ?? 0;
      const expected = new Map(senders.map(({ key, sent }) => [`jobs/${key}`, { n: sent }]));
      await until('all that was sent again', () => watcher?.values.size === expected.size);
      watcher.expect(expected, { areStale: false });
      watcher.stop();
    }
  }, 600_000);
});
