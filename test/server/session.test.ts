import { expect, test } from '@jest/globals';
import { TestServer } from './test-server.js';

test('a client authenticates, subscribes, gets a keyframe, `end`, and then changes', async () => {
  const server = await TestServer.start();
  server.put('prices/EURUSD/spot', { bid: 1, ask: 2 });
  const client = await server.session();
  client.say({ op: 'subscribe', id: 2, filters: ['prices/*/spot'] });
  await client.untilControl('end');
  expect(client.control.map((line) => line.op)).toEqual(['welcome', 'subscribed', 'end']);
  server.put('prices/EURUSD/spot', { bid: 1.5, ask: 2 });
  await client.untilData(2);
  expect(client.data[0]).toEqual([
    0,
    1,
    1,
    0,
    0,
    'prices/EURUSD/spot',
    { bid: 1, ask: 2 },
    server.clock.now(),
  ]);
  expect(client.data[1]).toEqual([2, 1, 2, 1, { bid: 1.5 }]);
});
