// Weather that changes: stations of the demo's regions, some of which fall silent now and then. No clock and no HTTP; weather-feed.ts
// has both. The same seed gives the same weather.

import { REGIONS } from './orders.js';
import { integer, pick, seededRandom, type Random } from './random.js';

/** An item of the feed. */
export interface Station {
  readonly id: string;
  readonly name: string;
  readonly region: (typeof REGIONS)[number];
  /** °C */
  readonly temperature: number;
  /** m/s; never more than `gust`. */
  readonly wind: number;
  readonly gust: number;
  /** Per cent. */
  readonly humidity: number;
  /** What the desk thinks of it: not for customers. */
  readonly outlook: 'calm' | 'windy' | 'storm';
}

const PLACES: Readonly<Record<Station['region'], readonly (readonly [id: string, name: string])[]>> = {
  EU: [
    ['AMS', 'Amsterdam'],
    ['BGO', 'Bergen'],
    ['CPH', 'Copenhagen'],
    ['HEL', 'Helsinki'],
    ['LIS', 'Lisbon'],
    ['OSL', 'Oslo'],
    ['VIE', 'Vienna'],
    ['WAW', 'Warsaw'],
  ],
  UK: [
    ['ABZ', 'Aberdeen'],
    ['BFS', 'Belfast'],
    ['CWL', 'Cardiff'],
    ['EDI', 'Edinburgh'],
    ['LHR', 'London'],
    ['MAN', 'Manchester'],
    ['NCL', 'Newcastle'],
    ['SYY', 'Stornoway'],
  ],
  US: [
    ['ATL', 'Atlanta'],
    ['BOS', 'Boston'],
    ['DEN', 'Denver'],
    ['LAX', 'Los Angeles'],
    ['MIA', 'Miami'],
    ['MSP', 'Minneapolis'],
    ['ORD', 'Chicago'],
    ['SEA', 'Seattle'],
  ],
};

/** Stations that one step moves. */
const MOVED = 6;
/** Of steps, in which a station falls silent or is back. */
const SHARE_OF_SILENCES = 0.3;
/** At one time: few enough that a poll without them is no fault. */
const MOST_SILENT = 3;

/** Invariant: at most {@link MOST_SILENT} stations are silent; a silent one is not in {@link stations}. */
export class Weather {
  readonly #random: Random;
  readonly #stations: Station[];
  readonly #silent = new Set<string>();

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#stations = REGIONS.flatMap((region) =>
      PLACES[region].map(([id, name]) => firstWeather(this.#random, { id, name, region })),
    );
  }

  /** Those that can be heard, in the order of the feed. */
  get stations(): readonly Station[] {
    return this.#stations.filter(({ id }) => !this.#silent.has(id));
  }

  /** How many there are, silent ones too. */
  get size(): number {
    return this.#stations.length;
  }

  /** Some stations have other weather, and one may fall silent or be back. */
  step(): void {
    for (let left = MOVED; left > 0; left--) {
      const index = integer(this.#random, 0, this.#stations.length - 1);
      const station = this.#stations[index];
      if (station !== undefined) this.#stations[index] = nextWeather(this.#random, station);
    }
    if (this.#random() < SHARE_OF_SILENCES) this.#silence();
  }

  #silence(): void {
    const isFull = this.#silent.size === MOST_SILENT;
    if (isFull || (this.#silent.size > 0 && this.#random() < 0.5))
      this.#silent.delete(pick(this.#random, [...this.#silent]));
    else this.#silent.add(pick(this.#random, this.stations).id);
  }
}

type Place = Pick<Station, 'id' | 'name' | 'region'>;

function firstWeather(random: Random, place: Place): Station {
  const wind = tenths(random() * 12);
  const temperature = tenths(-5 + random() * 30);
  return withGust(random, { ...place, temperature, wind, humidity: integer(random, 35, 95) });
}

function nextWeather(random: Random, station: Station): Station {
  const wind = Math.max(0, tenths(station.wind + (random() - 0.5) * 3 - (station.wind - 6) * 0.05));
  const temperature = tenths(station.temperature + (random() - 0.5) * 0.8);
  const humidity = Math.min(100, Math.max(20, station.humidity + integer(random, -2, 2)));
  return withGust(random, { ...station, temperature, wind, humidity });
}

function withGust(random: Random, station: Omit<Station, 'gust' | 'outlook'>): Station {
  const gust = tenths(station.wind * (1.2 + random() * 0.6));
  return { ...station, gust, outlook: gust > 14 ? 'storm' : gust > 8 ? 'windy' : 'calm' };
}

function tenths(amount: number): number {
  return Math.round(amount * 10) / 10;
}
