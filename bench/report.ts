// Figures as people and as programs read them.

import type { Figure } from './row.js';

export function jsonLine(figure: Figure): string {
  return JSON.stringify(figure);
}

const HEAD = [
  'row',
  'figure',
  'value',
  'ratio',
  'middle half',
  'bound',
  'verdict',
  'beside',
  'foreign cores',
];

/** Columns of equal width, for a terminal. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, ...remarkLines(figures)].join('\n');
}

export function markdownTableOf(figures: readonly Figure[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rows = [line(HEAD), line(HEAD.map(() => '---')), ...figures.map((figure) => line(cellsOf(figure)))];
  return [...rows, '', ...remarkLines(figures).map((remark) => `- ${remark}`)].join('\n');
}

function cellsOf({
  row,
  figure,
  value,
  unit,
  ratio,
  spread,
  bound,
  verdict,
  reference,
  foreignCores,
}: Figure): string[] {
  return [
    row,
    figure,
    `${short(value)} ${unit}`,
    ratio === undefined ? '' : short(ratio),
    spread === undefined ? '' : `${short(spread[0])} - ${short(spread[1])}`,
    bound === undefined ? '' : `${bound.is} ${short(bound.limit)}${bound.of === 'ratio' ? ' x' : ''}`,
    verdict === 'no bound' ? '' : verdict,
    reference ?? '',
    foreignCores === undefined ? '?' : foreignCores.toFixed(2),
  ];
}

function remarkLines(figures: readonly Figure[]): string[] {
  return figures.flatMap(({ row, figure, remarks }) =>
    remarks.map((remark) => `${row}, ${figure}: ${remark}`),
  );
}

/** Three digits that count, thousands apart. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return 'none';
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 4 });
}
