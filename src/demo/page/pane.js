// One pane: a session of one role, what it holds, what it costs, and what one can do to it.

import { bytes, count, duration, percent } from './format.js';
import { LiveTable } from './live-table.js';
import { Meter } from './meter.js';
import { RawLines } from './raw-lines.js';
import { FILTERS, rowOf } from './roles.js';
import { slowableSocket } from './slow-link.js';
import { SlowSwitch } from './slow-switch.js';
import { TailraceClient } from './tailrace-client.js';
import { TrafficChart } from './traffic-chart.js';

const KINDS = ['orders', 'prices', 'weather'];

/** Invariant: `byRow` has the entries of the client, by the row that shows them. */
export class Pane {
  #role;
  #find;
  #tables;
  #raw;
  #chart;
  #meter = new Meter();
  #slow;
  #byRow = new Map();
  #onChange;
  #onBracket;
  #client;

  /** `element` is a copy of the page's template; `onChange(entry)` is told of each change, `onBracket(entries)` of each transaction. */
  constructor(element, role, { token, onChange = () => undefined, onBracket = () => undefined }) {
    this.#role = role;
    this.#onChange = onChange;
    this.#onBracket = onBracket;
    this.#find = (name) => element.querySelector(`[data-part="${name}"]`);
    describe(role, this.#find);
    this.#tables = KINDS.map((kind) => new LiveTable(this.#find(kind), kind, role.hides[kind]));
    this.#raw = new RawLines(this.#find('raw'), this.#find('hold'));
    this.#chart = new TrafficChart(this.#find('chart'));
    const { link, WebSocket } = slowableSocket();
    this.#slow = new SlowSwitch({ input: this.#find('slow'), verdict: this.#find('verdict'), link, role });
    this.#client = this.#connect(token, WebSocket);
    this.#find('cut').onclick = () => this.#client.cut();
  }

  /** path -> entry, of everything this session sees. */
  get entries() {
    return this.#client.entries;
  }

  /** The client's phase changes between messages only, so this holds for all of one. */
  get #isPastSnapshot() {
    return ['live', 'lagging', 'stale'].includes(this.#client.phase);
  }

  #connect(token, WebSocket) {
    return new TailraceClient({
      url: `ws://${location.host}/v1/stream`,
      token,
      WebSocket,
      filters: FILTERS,
      onMessage: (text) => this.#isPastSnapshot && this.#meter.message(text),
      onLine: (line) => this.#raw.add(line),
      onChange: (entry, tag) => this.#change(entry, tag),
      onBracket: (entries) => this.#isPastSnapshot && this.#onBracket(entries),
      onPhase: (phase) => this.#phase(phase),
      onCaughtUp: (conflated) => this.#slow.merged(conflated),
      onSubscribed: (filter, rights) => this.#rights(filter, rights),
    });
  }

  #change(entry, tag) {
    const row = rowOf(entry.path);
    if (entry.value !== undefined) this.#byRow.set(row, entry);
    else if (this.#byRow.get(row) === entry) this.#byRow.delete(row);
    if (this.#isPastSnapshot) this.#meter.change(entry, tag);
    this.#onChange(entry);
  }

  #phase(phase) {
    this.#find('phase').textContent = phase;
    this.#find('title').closest('.pane').dataset.phase = phase;
  }

  #rights(filter, rights) {
    const [kind] = filter.split('/');
    this.#find(kind)
      .closest('.block')
      .classList.toggle('no-rights', rights === 'none');
  }

  /** Into the document, once per frame. `all` is the pane that sees all. */
  draw({ rows, isOwn, all }, now) {
    KINDS.forEach((kind, index) => {
      const shown = rows[kind].map((row) => {
        const theirs = all.#byRow.get(row);
        const isKept = theirs !== undefined && !this.#role.holds(theirs.path);
        return { row, entry: this.#byRow.get(row), isKept, isWatched: isOwn(row) };
      });
      this.#tables[index].draw(shown, now);
    });
    this.#raw.draw(now);
    this.#slow.look({ phase: this.#client.phase, all: all.entries, one: this.entries });
    this.#meter.drawn();
  }

  /** The browser has painted what was drawn. */
  painted(now) {
    this.#meter.painted(now);
  }

  /** Once a second: figures and chart. `totals` is what there is for who sees all. */
  second(totals) {
    this.#meter.second();
    const { received, asFull, deltas, fulls, history } = this.#meter;
    const last = history.at(-1);
    const held = this.held();
    const { p50, p99 } = this.#meter.latency();
    const figures = {
      saved: asFull === 0 ? '–' : percent(1 - received / asFull),
      bytes: `${bytes(received)} for ${bytes(asFull)}`,
      p50: duration(p50),
      p99: `p99 ${duration(p99)}`,
      rate: count(last.changes),
      kinds: `${count(deltas)} deltas, ${count(fulls)} full`,
      now: `${bytes(last.received)}/s`,
      'full-now': `${bytes(last.asFull)}/s`,
      ...Object.fromEntries(
        KINDS.map((kind) => [`${kind}-held`, `${count(held[kind])} of ${count(totals[kind])}`]),
      ),
    };
    for (const [name, text] of Object.entries(figures)) this.#find(name).textContent = text;
    this.#chart.draw(history);
  }

  /** How many values are held: { orders, prices, weather }. */
  held() {
    const held = { orders: 0, prices: 0, weather: 0 };
    for (const path of this.entries.keys()) held[path.slice(0, path.indexOf('/'))] += 1;
    return held;
  }
}

function describe({ title, says, allows, hides }, find) {
  find('title').textContent = title;
  find('says').textContent = says;
  const hidden = KINDS.flatMap((kind) => hides[kind]).map((field) => chip('s', `/${field}`));
  find('rights').append(...allows.map((filter) => chip('code', filter)), ...hidden);
}

function chip(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
