// The weather as a feed behind HTTP, as a met office would have it: one document, with an ETag that changes when the weather does.
// Tailrace polls it like any other; nothing else of the demo looks at it.

import type { PageHandler } from '../server/pages.js';
import type { Weather } from './weather.js';

/** On the page's port. */
export const WEATHER_PATH = '/weather/stations.json';
/** Slower than it is polled, so that most polls are told that nothing has changed. */
const STEP_MS = 2_500;

/** Invariant: the same tag is the same bytes. */
export class WeatherFeed {
  readonly #weather: Weather;
  #version = 0;
  #document: { readonly tag: string; readonly body: Buffer };
  #timer: NodeJS.Timeout | undefined;
  #asked = 0;
  #unchanged = 0;

  constructor(weather: Weather) {
    this.#weather = weather;
    this.#document = this.#write();
  }

  /** Requests, and how many of them were answered with 304. */
  get polls(): { readonly asked: number; readonly unchanged: number } {
    return { asked: this.#asked, unchanged: this.#unchanged };
  }

  /** Begins to change. */
  start(): void {
    this.#timer ??= setInterval(() => this.step(), STEP_MS);
  }

  /** Idempotent. */
  close(): void {
    clearInterval(this.#timer);
  }

  /** Changes once. */
  step(): void {
    this.#weather.step();
    this.#document = this.#write();
  }

  /** `GET` of {@link WEATHER_PATH}. */
  readonly pages: PageHandler = (request, response, pathname) => {
    if (pathname !== WEATHER_PATH || request.method !== 'GET') return false;
    const { tag, body } = this.#document;
    const isKnown = request.headers['if-none-match'] === tag;
    this.#asked++;
    if (isKnown) this.#unchanged++;
    response.writeHead(isKnown ? 304 : 200, {
      'content-type': 'application/json',
      'cache-control': 'no-cache',
      etag: tag,
    });
    response.end(isKnown ? undefined : body);
    return true;
  };

  #write(): { readonly tag: string; readonly body: Buffer } {
    const version = ++this.#version;
    const stations = this.#weather.stations.map((station) => `    ${JSON.stringify(station)}`).join(',\n');
    return { tag: `"${version}"`, body: Buffer.from(`{\n  "stations": [\n${stations}\n  ]\n}\n`) };
  }
}
