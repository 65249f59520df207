// What `tailrace top` shows, as lines of at most 80 columns where names allow. Reads nothing and draws nothing.

import type { SourceStatus, Status } from '../server/admin-status.js';
import type { Ms } from '../topic/update.js';
import { bytes, count, delay, durationText, percent, rate, timeText } from './figure-text.js';
import type { Rates, SourceRates } from './top-rates.js';

export interface TopStyle {
  readonly colour: boolean;
  /** Of the terminal; longer lines are cut. */
  readonly columns: number;
}

type Colour = 'dim' | 'bold' | 'green' | 'yellow' | 'red';

const CODES: Readonly<Record<Colour, number>> = { dim: 2, bold: 1, green: 32, yellow: 33, red: 31 };
const STATE_COLOURS: Readonly<Record<SourceStatus['state'], Colour>> = {
  starting: 'yellow',
  live: 'green',
  stale: 'red',
  degraded: 'red',
  stopped: 'red',
};

/** A part of a line, coloured as a whole: widths are counted before colours are added. */
interface Part {
  readonly text: string;
  readonly colour?: Colour;
}
type Line = readonly Part[];

/** `note`: what is wrong with the asking itself, such as that the last answer is old. */
export function topText(status: Status, rates: Rates, style: TopStyle, note?: string): string[] {
  const lines: Line[] = [
    headLine(status),
    ...(note === undefined ? [] : [[{ text: note, colour: 'red' as const }]]),
    processLine(status, rates),
    [],
    ...sourceLines(status, rates),
    [],
    ...fanOutLines(status, rates),
    [],
    ...sessionLines(status, rates),
  ];
  return lines.map((line) => painted(line, style));
}

function headLine({ version, isReady, checks, config, now, startedAt }: Status): Line {
  const waiting = checks.filter((check) => !check.isReady).map(({ name }) => name);
  const readiness: Part = isReady
    ? { text: 'ready', colour: 'green' }
    : { text: `not ready: ${waiting.join(', ')}`, colour: 'yellow' };
  const reload: Part =
    config?.success === false
      ? { text: '   last reload rejected', colour: 'red' }
      : { text: config === undefined ? '' : `   config of ${timeText(config.appliedAt)}`, colour: 'dim' };
  return [
    { text: `tailrace ${version}  `, colour: 'bold' },
    readiness,
    { text: `   up ${durationText(now - startedAt)}` },
    reload,
    { text: `   ${timeText(now)}`, colour: 'dim' },
  ];
}

function processLine({ process }: Status, { cpu, loop }: Rates): Line {
  const { loopLagMaxMs, rssBytes, heapUsedBytes, heapLimitBytes, logLinesDropped } = process;
  return [
    label('process'),
    { text: `cpu ${percent(cpu)}`, ...(cpu > 0.9 && { colour: 'red' as const }) },
    { text: `   loop ${percent(loop)} busy, ` },
    { text: `${count(loopLagMaxMs)} ms late`, ...(loopLagMaxMs > 250 && { colour: 'yellow' as const }) },
    {
      text: `   rss ${bytes(rssBytes)}   heap ${bytes(heapUsedBytes)} (${percent(heapUsedBytes / heapLimitBytes)})`,
    },
    { text: logLinesDropped === 0 ? '' : `   ${count(logLinesDropped)} log lines dropped`, colour: 'yellow' },
  ];
}

function sourceLines(status: Status, rates: Rates): Line[] {
  const head = row('sources', ['state', 'records/s', 'changes/s', 'lag', 'p50', 'p99', 'paths']);
  return [
    [{ text: head.map(({ text }) => text).join(''), colour: 'dim' }],
    ...status.sources.flatMap((source) => oneSource(source, rates.sources.get(source.name), status.now)),
  ];
}

function oneSource(source: SourceStatus, rates: SourceRates | undefined, now: Ms): Line[] {
  const { name, state, since, reason, progress, lag, paths, stalePaths, rejected } = source;
  const isLoading = progress !== undefined && progress.total > 0;
  const shown = isLoading
    ? `${state} ${Math.floor((100 * progress.done) / progress.total)}%`
    : `${state} ${durationText(now - since)}`;
  const line = row(name, [
    shown,
    rate(rates?.recordsPerSecond ?? 0),
    rate(rates?.updatesPerSecond ?? 0),
    count(lag.records),
    delay(rates?.p50Ms),
    delay(rates?.p99Ms),
    count(paths),
  ]);
  const coloured = line.map((part, i) => (i === 1 ? { ...part, colour: STATE_COLOURS[state] } : part));
  const trouble = [
    lag.ms < TELLING_LAG_MS ? undefined : `${durationText(lag.ms)} behind`,
    rejected === 0 ? undefined : `${count(rejected)} records rejected`,
    stalePaths === 0 ? undefined : `${count(stalePaths)} paths stale`,
    reason,
  ].filter((each) => each !== undefined);
  return trouble.length === 0
    ? [coloured]
    : [coloured, [{ text: `  ${trouble.join('; ')}`, colour: state === 'live' ? 'yellow' : 'red' }]];
}

/** From here on a lag in records is worth a word in time. */
const TELLING_LAG_MS: Ms = 5_000;

/** Widths add up to 80. */
const WIDTHS = [15, 14, 10, 10, 9, 7, 7, 8] as const;

function row(name: string, cells: readonly string[]): Part[] {
  const [first, second, ...rest] = WIDTHS;
  const [state = '', ...numbers] = cells;
  return [
    { text: `${cut(name, first - 1).padEnd(first)}` },
    { text: cut(state, second).padEnd(second) },
    ...numbers.map((text, i) => ({ text: text.padStart(rest[i] ?? 0) })),
  ];
}

function fanOutLines({ fanOut, cache }: Status, rates: Rates): Line[] {
  const forms = rates.forms.map(([form, part]) => `${form} ${percent(part)}`).join('  ');
  const stale = cache.stalePaths === 0 ? '' : `   ${count(cache.stalePaths)} stale`;
  return [
    [
      label('cache'),
      { text: `${count(cache.paths)} paths   ${bytes(cache.bytes)}` },
      { text: stale, colour: 'yellow' },
    ],
    [
      label('fan-out'),
      { text: `${rate(rates.changesPerSecond)} changes/s in ${count(fanOut.streams)} streams` },
      { text: `   ${rate(rates.deliveriesPerSecond)} deliveries/s` },
      { text: rates.conflated === 0 ? '' : `   ${percent(rates.conflated)} merged`, colour: 'yellow' },
    ],
    [
      label('sockets'),
      { text: `${rate(rates.messagesPerSecond)} messages/s   ${bytes(rates.bytesPerSecond)}/s` },
      { text: forms === '' ? '' : `   ${forms}`, colour: 'dim' },
    ],
  ];
}

function sessionLines({ sessions }: Status, rates: Rates): Line[] {
  const { open, unauthenticated, lagging, draining, subscriptions, closes, outboxes } = sessions;
  const closed = Object.entries(closes).map(([code, number]) => `${code}: ${count(number)}`);
  const lines: Line[] = [
    [
      label('sessions'),
      { text: `${count(open)} open   ${count(subscriptions)} subscriptions` },
      { text: lagging === 0 ? '' : `   ${count(lagging)} lagging`, colour: 'yellow' },
      { text: draining === 0 ? '' : `   ${count(draining)} draining` },
    ],
    [
      label('traffic'),
      { text: `${rate(rates.opensPerSecond)} opened/s` },
      { text: unauthenticated === 0 ? '' : `   ${count(unauthenticated)} not authenticated` },
    ],
  ];
  if (closed.length > 0) lines.push([label('closed'), { text: closed.join('   '), colour: 'dim' }]);
  lines.push([label('outboxes'), { text: outboxText(outboxes.buckets) }]);
  if (outboxes.largest.length === 0) return lines;
  const head = [
    '  owed most'.padEnd(32),
    'owed'.padStart(10),
    'waiting'.padStart(9),
    'open'.padStart(8),
  ].join('');
  lines.push([{ text: head, colour: 'dim' }]);
  for (const each of outboxes.largest) {
    const who = `  ${cut(printable(each.subject === '' ? '(anonymous)' : each.subject), 14).padEnd(15)}${each.session}`;
    lines.push([
      { text: cut(who, 31).padEnd(32) },
      { text: bytes(each.unacknowledgedBytes).padStart(10) },
      { text: count(each.waitingPaths).padStart(9) },
      { text: durationText(each.openMs).padStart(8) },
      { text: each.isLagging ? '  lagging' : '', colour: 'yellow' },
    ]);
  }
  return lines;
}

/** `1,204 empty   20 to 4 KB   2 to 64 KB`: buckets without sessions are left out. */
function outboxText(buckets: Status['sessions']['outboxes']['buckets']): string {
  const filled = buckets.filter(({ sessions }) => sessions > 0);
  if (filled.length === 0) return 'none';
  const last = buckets.at(-2)?.upToBytes ?? 0;
  return filled
    .map(({ upToBytes, sessions }) => {
      if (upToBytes === 0) return `${count(sessions)} empty`;
      return upToBytes === null
        ? `${count(sessions)} over ${bytes(last)}`
        : `${count(sessions)} to ${bytes(upToBytes)}`;
    })
    .join('   ');
}

function label(text: string): Part {
  return { text: text.padEnd(10), colour: 'dim' };
}

function painted(line: Line, { colour, columns }: TopStyle): string {
  let left = columns;
  let text = '';
  for (const part of line) {
    const shown = cut(printable(part.text), left);
    left -= shown.length;
    const isPainted = colour && part.colour !== undefined && shown !== '';
    text += isPainted ? `\x1b[${CODES[part.colour]}m${shown}\x1b[0m` : shown;
  }
  return text.trimEnd();
}

/** Names come from elsewhere and must not move the cursor. */
function printable(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, '?');
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}${width > 0 ? '…' : ''}`;
}
