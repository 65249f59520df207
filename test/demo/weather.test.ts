// The weather of the demo, and the feed that it is polled from.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';

import { Weather, type Station } from '../../src/demo/weather.js';
import { WEATHER_PATH, WeatherFeed } from '../../src/demo/weather-feed.js';

const STEPS = 2_000;

describe('the weather of the demo', () => {
  test('is the same from the same seed, and other weather from another', () => {
    const after = (seed: number): readonly Station[] => {
      const weather = new Weather(seed);
      for (let step = 0; step < 50; step++) weather.step();
      return weather.stations;
    };
    expect(after(7)).toEqual(after(7));
    expect(after(8)).not.toEqual(after(7));
  });

  test('has stations in every region, of which some fall silent and come back, never many at a time', () => {
    const weather = new Weather(1);
    expect(new Set(weather.stations.map(({ region }) => region))).toEqual(new Set(['EU', 'US', 'UK']));
    expect(new Set(weather.stations.map(({ id }) => id)).size).toBe(weather.size);
    const counts = new Set<number>();
    const silent = new Set<string>();
    const before = new Set(weather.stations.map(({ id }) => id));
    for (let step = 0; step < STEPS; step++) {
      weather.step();
      const heard = new Set(weather.stations.map(({ id }) => id));
      counts.add(weather.size - heard.size);
      for (const id of before) if (!heard.has(id)) silent.add(id);
    }
    expect(counts).toEqual(new Set([0, 1, 2, 3]));
    expect(silent.size).toBeGreaterThan(weather.size / 2);
  });

  test('stays weather, however long it goes on', () => {
    const weather = new Weather(3);
    for (let step = 0; step < STEPS; step++) weather.step();
    for (const { temperature, wind, gust, humidity } of weather.stations) {
      expect(temperature).toBeGreaterThan(-40);
      expect(temperature).toBeLessThan(50);
      expect(wind).toBeLessThan(40);
      expect(gust).toBeGreaterThanOrEqual(wind);
      expect(humidity).toBeLessThanOrEqual(100);
    }
  });
});

describe('the feed of the weather', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function served(feed: WeatherFeed): Promise<string> {
    const server = createServer((request, response) => {
      if (!feed.pages(request, response, request.url ?? '')) response.writeHead(404).end();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test('says that nothing has changed until it has, and counts what it was asked', async () => {
    const weather = new Weather(1);
    const feed = new WeatherFeed(weather);
    const url = `${await served(feed)}${WEATHER_PATH}`;
    const ask = (etag: string) => fetch(url, { headers: { 'if-none-match': etag } });
    const first = await ask('"none"');
    const tag = first.headers.get('etag') ?? '';
    expect([first.status, await first.json()]).toEqual([200, { stations: weather.stations }]);
    const second = await ask(tag);
    expect([second.status, await second.text()]).toEqual([304, '']);
    feed.step();
    const third = await ask(tag);
    expect([third.status, await third.json()]).toEqual([200, { stations: weather.stations }]);
    expect(third.headers.get('etag')).not.toBe(tag);
    expect(feed.polls).toEqual({ asked: 3, unchanged: 1 });
  });

  test('answers nothing else', async () => {
    const origin = await served(new WeatherFeed(new Weather(1)));
    expect((await fetch(`${origin}/weather/other.json`)).status).toBe(404);
    expect((await fetch(`${origin}${WEATHER_PATH}`, { method: 'POST' })).status).toBe(404);
  });
});
