// Keeps what was measured: a page for people and lines for programs, with what each trick is worth.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BENCH_GROUPS } from './groups.js';
import type { Machine } from './machine.js';
import type { Progress } from './progress.js';
import { jsonLine, markdownTableOf, short } from './report.js';
import { TRICKS, type BenchOptions, type Figure, type Trick } from './row.js';
import { runGroups } from './run.js';

/** Rows that must get worse without a trick. */
const SHOWN_BY: Readonly<Record<Trick, readonly string[]>> = {
  batching: ['batched', 'wide'],
  sharing: ['batched', 'wide'],
  deltas: ['bytes', 'documents'],
  'unchanged-skip': ['ingest'],
  'known-items': ['rest-unchanged'],
};

export interface Results {
  readonly machine: Machine;
  readonly options: BenchOptions;
  readonly figures: readonly Figure[];
  readonly progress: Progress;
}

/** Measures once more without each trick, writes both files to bench/results, and returns the path of the page. */
export async function saveResults(results: Results): Promise<string> {
  const without = new Map<Trick, readonly Figure[]>();
  for (const trick of TRICKS) {
    const only = SHOWN_BY[trick].filter((row) => results.figures.some((figure) => figure.row === row));
    if (only.length > 0) without.set(trick, await measureWithout(trick, only, results));
  }
  const folder = join(process.cwd(), 'bench', 'results');
  const name = `${new Date().toISOString().slice(0, 10)}-${shortName(results.machine)}`;
  await mkdir(folder, { recursive: true });
  const page = join(folder, `${name}.md`);
  await writeFile(page, pageOf(results, without));
  const lines = [
    JSON.stringify({ machine: results.machine, options: results.options }),
    ...results.figures.map(jsonLine),
    ...[...without].flatMap(([trick, figures]) =>
      figures.map((figure) => JSON.stringify({ without: trick, ...figure })),
    ),
  ];
  await writeFile(join(folder, `${name}.jsonl`), `${lines.join('\n')}\n`);
  return page;
}

function measureWithout(
  trick: Trick,
  only: readonly string[],
  { progress }: Results,
): Promise<readonly Figure[]> {
  const options: BenchOptions = { isQuick: true, without: trick, only, profile: false };
  return runGroups(BENCH_GROUPS, options, {
    progress: (text) => progress.show(`without ${trick}: ${text}`),
    figures: () => undefined,
    hottest: () => undefined,
    skipped: (rows, why) => progress.note(`not measured without ${trick}: ${rows.join(', ')}: ${why}`),
  });
}

/** Enough to tell machines apart: `amd-epyc-2-cores`. */
function shortName({ cpu, cores }: Machine): string {
  const words = cpu.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return [...words.slice(0, 2), cores, 'cores'].join('-');
}

function pageOf(
  { machine, options, figures }: Results,
  without: ReadonlyMap<Trick, readonly Figure[]>,
): string {
  const pinned = machine.isPinned
    ? 'server pinned to core 0, clients and producers to core 1'
    : 'processes were not pinned';
  return `# Benchmark of ${new Date().toISOString().slice(0, 10)}

${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}; ${pinned}.
Made by \`npm run bench -- --save${options.isQuick ? ' --quick' : ''}\`. The lines beside this page have every figure.

## Figures

${markdownTableOf(figures)}

## Without the trick

Each row measured again with one trick switched off from outside, in short slices.

${withoutTable(figures, without)}

## Method

- Server and clients are processes of their own. CPU is the server's own, user and system of all threads, over the slice and until its
  clients have read everything; deliveries are counted by the clients, which look for line ends and parse nothing.
- What is compared runs in one server process, in slices that take turns in random order; the first cycle does not count. Values are
  medians of slices, ratios are ratios of medians, and the middle half is the quartiles of the ratios (or values) of single cycles.
- Clients of Tailrace acknowledge as the protocol asks, so that flow control is on; that cost is in its figures.
- *Naive*: parse, stringify once per change, \`ws.send(string)\` per socket of the path; from Kafka with kafkajs \`eachMessage\`.
- Loopback: the sender's system call also runs the receiver's TCP input, so a write looks dearer than on a real network.
- Foreign cores: what other processes used meanwhile. Above about 0.3, trust ratios only, and latencies not at all.
`;
}

function withoutTable(figures: readonly Figure[], without: ReadonlyMap<Trick, readonly Figure[]>): string {
  const lines = [...without].flatMap(([trick, worse]) =>
    worse.map((figure) => {
      const usual = figures.find((each) => each.row === figure.row && each.figure === figure.figure);
      const cells = [trick, figure.row, figure.figure, valueText(usual), valueText(figure)];
      return `| ${cells.join(' | ')} |`;
    }),
  );
  return [
    '| without | row | figure | with it | without it |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

function valueText(figure: Figure | undefined): string {
  if (figure === undefined) return '';
  const ratio = figure.ratio === undefined ? '' : ` (${short(figure.ratio)} x)`;
  return `${short(figure.value)} ${figure.unit}${ratio}`;
}
