// The built program with a polled feed, killed and started again: a client that comes back sees no delete, and what the feed has.

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { until } from '../../../connectors/kit/expectation.js';
import { isDeepStrictEqual } from 'node:util';
import { freePort } from '../../../src/demo/kafka-process.js';
import { BuiltProgram, type RunningProgram } from '../../support/built-program.js';
import { FeedServer } from '../../support/feed-server.js';
import { Follower } from '../../support/follower.js';
import { isLong } from '../../support/long.js';
import { ADMIN_TOKEN, bridgeConfig, heldOf } from './bridge.js';
import { manyItems } from './bridged-feed.js';

const KILLS = isLong ? 20 : 2;
const PATIENCE_MS = 30_000;

let built: BuiltProgram;
let server: FeedServer;
beforeAll(async () => {
  [built, server] = await Promise.all([BuiltProgram.build(), FeedServer.listen()]);
}, 120_000);
afterAll(async () => {
  await built.close();
  await server.close();
});

test(`G4 a program that is killed ${KILLS} times begins with what the feed has, and deletes nothing`, async () => {
  const feed = server.feed('/feed');
  feed.paging = { by: 'link', size: 20 };
  feed.items = manyItems(100);
  const port = await freePort();
  const options = { url: server.url('/feed'), every: '30ms', paging: { by: 'link' } } as const;
  const config = JSON.stringify(bridgeConfig({ options }, { port, type: 'rest' }));
  const run = (): Promise<RunningProgram> => built.run({ config, env: { ADMIN_TOKEN } });

  let deletes = 0;
  let program = await run();
  const follower = new Follower(port, (change) => void (deletes += 'deleted' in change ? 1 : 0));
  const untilTrue = (): Promise<void> =>
    until(
      'what the feed has',
      () =>
        follower.isLive && !follower.isStale && isDeepStrictEqual(follower.values, heldOf([...feed.items])),
      PATIENCE_MS,
    );
  await untilTrue();
  for (let kill = 1; kill <= KILLS; kill++) {
    const before = follower.connections;
    // In the middle of a poll: its last page is on its way
    feed.script(undefined, { do: 'delay', ms: 200 });
    await until('a poll', () => feed.faultsLeft === 0, PATIENCE_MS);
    await program.kill();
    feed.items = manyItems(100 + kill);
    program = await run();
    await until('the subscriber', () => follower.connections > before, PATIENCE_MS);
    await untilTrue();
  }
  expect(deletes).toBe(0);
  follower.stop();
  await program.kill();
}, 180_000);
