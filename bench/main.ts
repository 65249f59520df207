// `npm run bench`: every promise about speed, measured on this machine, beside what else one could use.

import { parseArguments } from './arguments.js';
import { BENCH_GROUPS } from './groups.js';
import { thisMachine } from './machine.js';
import { Progress } from './progress.js';
import { jsonLine, tableOf } from './report.js';
import { runGroups } from './run.js';
import { saveResults } from './save.js';

const command = parseArguments(process.argv.slice(2), BENCH_GROUPS);
if (command.kind === 'told') {
  process.stderr.write(`${command.text}\n`);
  process.exit(command.exitCode);
}
const { options, isJson, isSaved } = command;
const progress = new Progress();
const machine = thisMachine();
if (!machine.isPinned)
  progress.note('processes are not pinned to cores: there is no taskset, or one core only');

const figures = await runGroups(BENCH_GROUPS, options, {
  progress: (text) => progress.show(text),
  figures: (some) => isJson && some.forEach((each) => console.log(jsonLine(each))),
  hottest: (rows, functions) => {
    progress.note(`self time of the server under Tailrace, rows ${rows.join(', ')}:`);
    for (const { where, ms } of functions) progress.note(`${ms.toFixed(0).padStart(7)} ms  ${where}`);
  },
  skipped: (rows, why) => progress.note(`not measured: ${rows.join(', ')}: ${why}`),
});
progress.end();
if (!isJson) console.log(tableOf(figures));
if (isSaved) progress.note(`saved as ${await saveResults({ machine, options, figures, progress })}`);
process.exitCode = figures.some(({ verdict }) => verdict === 'missed') ? 1 : 0;
