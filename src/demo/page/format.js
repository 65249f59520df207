// Numbers and units as people read them. Fixed widths, so that columns stand still.

const grouped = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });

/** 12,345 */
export const count = (n) => grouped.format(n);

/** 101.20; also of a text, as which Postgres' exact numbers come. */
export const price = (n) => Number(n).toFixed(2);

/** 4.1 */
export const tenth = (n) => n.toFixed(1);

/** −3.5 */
export const degrees = (n) => (n < 0 ? '−' : '') + Math.abs(n).toFixed(1);

/** +0.31 */
export const signed = (n) => (n < 0 ? '−' : '+') + Math.abs(n).toFixed(2);

/** 812 B, 14.2 kB, 3.1 MB */
export function bytes(n) {
  if (n < 1_000) return `${Math.round(n)} B`;
  if (n < 1_000_000) return `${(n / 1_000).toFixed(n < 99_950 ? 1 : 0)} kB`;
  return `${(n / 1_000_000).toFixed(n < 99_950_000 ? 1 : 0)} MB`;
}

/** 8 ms, 1.4 s */
export function duration(ms) {
  if (ms === undefined) return '–';
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** 86 % */
export const percent = (share) => `${Math.floor(share * 100)} %`;
