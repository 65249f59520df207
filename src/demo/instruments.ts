// The instruments of the demo's market and how one quote moves. A quote is about 300 bytes of JSON in 20 fields, of which
// a tick changes a few. The companies do not exist.

import { integer, pick, type Random } from './random.js';

/** Value of a record of `demo.quotes`; its key is the symbol. */
export interface Quote {
  readonly symbol: string;
  readonly venue: string;
  readonly currency: string;
  readonly sector: string;
  readonly bid: number;
  readonly ask: number;
  readonly bidSize: number;
  readonly askSize: number;
  readonly last: number;
  readonly lastSize: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Per cent since yesterday's close. */
  readonly change: number;
  readonly volume: number;
  readonly trades: number;
  readonly lot: number;
  readonly state: 'open';
  /** What the desk knows and no customer may see. */
  readonly internal: { readonly desk: string; readonly skew: number; readonly inventory: number };
}

const CONSONANTS = ['B', 'D', 'F', 'L', 'M', 'N', 'R', 'S', 'T', 'V'];
const VOWELS = ['A', 'E', 'I', 'O', 'U'];
const SECTORS = ['energy', 'metals', 'retail', 'health', 'banks', 'chips'];
const CURRENCIES = ['EUR', 'USD', 'GBP'];

/** How many four-letter symbols there are. */
const SYMBOLS = 2_500;

/** `count` quotes at the opening of the day, symbols distinct. Throws above 2,500. */
export function openingQuotes(random: Random, count: number): Quote[] {
  if (count > SYMBOLS) throw new RangeError(`at most ${SYMBOLS} instruments have a symbol`);
  return Array.from({ length: count }, (_, index) => openingQuote(random, symbolOf((index * 997) % SYMBOLS)));
}

function symbolOf(number: number): string {
  const letters: string[] = [];
  let rest = number;
  for (const alphabet of [CONSONANTS, VOWELS, CONSONANTS, VOWELS]) {
    letters.push(alphabet[rest % alphabet.length] ?? '');
    rest = Math.floor(rest / alphabet.length);
  }
  return letters.join('');
}

function openingQuote(random: Random, symbol: string): Quote {
  const close = cents(10 * 40 ** random());
  const last = cents(close * (1 + (random() - 0.5) * 0.02));
  return {
    symbol,
    venue: 'XDEM',
    currency: pick(random, CURRENCIES),
    sector: pick(random, SECTORS),
    bid: cents(last - 0.01),
    ask: cents(last + 0.01),
    bidSize: integer(random, 1, 90) * 100,
    askSize: integer(random, 1, 90) * 100,
    last,
    lastSize: integer(random, 1, 20) * 10,
    open: last,
    high: last,
    low: last,
    close,
    change: percent(last, close),
    volume: integer(random, 0, 90_000) * 10,
    trades: integer(random, 0, 4_000),
    lot: 10,
    state: 'open',
    internal: {
      desk: `cash-${integer(random, 1, 9)}`,
      skew: cents((random() - 0.5) / 4),
      inventory: integer(random, -90, 90) * 100,
    },
  };
}

/** The next quote: most often bid and ask move, less often there is a trade, or only the desk's own view changes. */
export function nextQuote(random: Random, quote: Quote): Quote {
  const kind = random();
  if (kind < 0.15) return { ...quote, internal: nextInternal(random, quote) };
  if (kind < 0.3) return { ...quote, ...nextSizes(random) };
  if (kind < 0.5) return traded(random, quote);
  return { ...quote, ...nextPrices(random, quote), bidSize: integer(random, 1, 90) * 100 };
}

function nextInternal(random: Random, { internal }: Quote): Quote['internal'] {
  return {
    ...internal,
    skew: cents((random() - 0.5) / 4),
    inventory: internal.inventory + integer(random, -5, 5) * 100,
  };
}

function nextSizes(random: Random): Pick<Quote, 'bidSize' | 'askSize' | 'lastSize'> {
  const size = (): number => integer(random, 1, 90) * 100;
  return { bidSize: size(), askSize: size(), lastSize: integer(random, 1, 20) * 10 };
}

/** A random walk that is drawn back to the close, so that no price leaves the screen overnight. */
function nextPrices(random: Random, { bid, ask, close }: Quote): Pick<Quote, 'bid' | 'ask'> {
  const step = Math.max(0.01, close * 0.0004);
  const pull = (close - (bid + ask) / 2) * 0.002;
  const middle = Math.max(0.05, (bid + ask) / 2 + (random() - 0.5) * 2 * step + pull);
  const half = Math.max(0.01, middle * (0.0001 + random() * 0.0002));
  return { bid: cents(middle - half), ask: cents(middle + half) };
}

function traded(random: Random, quote: Quote): Quote {
  const last = random() < 0.5 ? quote.bid : quote.ask;
  return {
    ...quote,
    last,
    high: Math.max(quote.high, last),
    low: Math.min(quote.low, last),
    change: percent(last, quote.close),
    volume: quote.volume + integer(random, 1, 20) * quote.lot,
    trades: quote.trades + 1,
  };
}

function cents(amount: number): number {
  return Math.round(amount * 100) / 100;
}

function percent(now: number, then: number): number {
  return cents((now / then - 1) * 100);
}
