// The three who watch the one feed, and the columns that the page shows. What each may see is decided by the server; `holds`
// only tells the page which blanks to draw and what to compare.

import { count, degrees, price, signed, tenth } from './format.js';

export const FILTERS = ['prices/**', 'orders/**', 'weather/**'];

/** `watched` is the customer's account, `region` the regulator's: the server says both. */
export function rolesFor({ account, region }) {
  return [
    {
      name: 'trader',
      title: 'Trader',
      says: 'Sees every price, every order and every station, with all fields.',
      allows: ['prices/**', 'orders/**', 'weather/**'],
      hides: { prices: [], orders: [], weather: [] },
      holds: () => true,
    },
    {
      name: 'regulator',
      title: `Regulator, ${region}`,
      says: `Sees orders while they are booked in the ${region}, margin included, not who trades them, and the weather there. No prices.`,
      allows: [`orders/${region}/**`, `weather/${region}/**`],
      hides: { prices: [], orders: ['trader'], weather: [] },
      holds: (path) => /^(orders|weather)$/.test(path.split('/')[0]) && path.split('/')[1] === region,
    },
    {
      name: 'customer',
      title: `Customer ${account}`,
      says: 'Sees prices and weather without the desk’s fields, and its own orders without margin and trader.',
      allows: ['prices/**', 'weather/**', `orders/*/${account}/**`],
      hides: { prices: ['internal'], orders: ['margin', 'trader'], weather: ['outlook'] },
      holds: (path) => !path.startsWith('orders/') || path.split('/')[2] === account,
      isSlowable: true,
    },
  ];
}

/** `field` is the top-level field that has to be visible; `text` shows it; `number` tells up from down. */
export const COLUMNS = {
  orders: [
    { title: 'order', field: 'id', width: 13.5, text: (o) => `${o.region} ${o.id}`, isName: true },
    { title: 'acct', field: 'account', width: 12, text: (o) => o.account },
    { title: 'sym', field: 'symbol', width: 9.5, text: (o) => o.symbol },
    {
      title: 'filled',
      field: 'filled',
      width: 20.5,
      text: (o) => `${count(o.filled)}/${count(o.quantity)}`,
      number: (o) => o.filled,
    },
    { title: 'price', field: 'price', width: 12, text: (o) => price(o.price), number: (o) => +o.price },
    { title: 'status', field: 'status', width: 9.5, text: (o) => o.status, isWord: true },
    { title: 'margin', field: 'margin', width: 12, text: (o) => price(o.margin), number: (o) => +o.margin },
    { title: 'trader', field: 'trader', width: 11, text: (o) => o.trader, isWord: true },
  ],
  prices: [
    { title: 'symbol', field: 'symbol', width: 12, text: (q) => q.symbol, isName: true },
    { title: 'bid', field: 'bid', width: 14.5, text: (q) => price(q.bid), number: (q) => q.bid },
    { title: 'ask', field: 'ask', width: 14.5, text: (q) => price(q.ask), number: (q) => q.ask },
    { title: 'last', field: 'last', width: 14.5, text: (q) => price(q.last), number: (q) => q.last },
    { title: '%', field: 'change', width: 11.5, text: (q) => signed(q.change), number: (q) => q.change },
    { title: 'volume', field: 'volume', width: 17, text: (q) => count(q.volume), number: (q) => q.volume },
    {
      title: 'skew',
      field: 'internal',
      width: 14,
      text: (q) => signed(q.internal.skew),
      number: (q) => q.internal.skew,
    },
  ],
  weather: [
    { title: 'station', field: 'name', width: 27, text: (s) => `${s.region} ${s.name}`, isName: true },
    {
      title: '°C',
      field: 'temperature',
      width: 13,
      text: (s) => degrees(s.temperature),
      number: (s) => s.temperature,
    },
    { title: 'wind m/s', field: 'wind', width: 15, text: (s) => tenth(s.wind), number: (s) => s.wind },
    { title: 'gust', field: 'gust', width: 13, text: (s) => tenth(s.gust), number: (s) => s.gust },
    {
      title: 'hum. %',
      field: 'humidity',
      width: 14,
      text: (s) => count(s.humidity),
      number: (s) => s.humidity,
    },
    { title: 'outlook', field: 'outlook', width: 16, text: (s) => s.outlook, isWord: true },
  ],
};

/** Where a path says what its row is. */
const ROW_SEGMENT = { orders: 3, prices: 1, weather: 2 };

/** `orders/0042`, `prices/BADO`, `weather/OSL`: one row of the page, wherever the path moves to. */
export function rowOf(path) {
  const segments = path.split('/');
  return `${segments[0]}/${segments[ROW_SEGMENT[segments[0]]]}`;
}
