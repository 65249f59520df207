// The few numbers that stand for many: medians, quartiles, percentiles.

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Linear between neighbours; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  if (low === undefined || high === undefined) return NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/** Lower and upper quartile: where the middle half of the slices lay. */
export type Spread = readonly [low: number, high: number];

export function spreadOf(values: readonly number[]): Spread {
  return [quantile(values, 0.25), quantile(values, 0.75)];
}

export interface Ratio {
  /** Median of one over median of the other. */
  readonly ratio: number;
  /** Quartiles of the ratios of slices of the same cycle. */
  readonly spread: Spread;
}

/** How many times `of` the values are; both in order of cycles. */
export function ratioOf(values: readonly number[], of: readonly number[]): Ratio {
  const paired = values.map((value, cycle) => value / (of[cycle] ?? NaN)).filter(Number.isFinite);
  return { ratio: median(values) / median(of), spread: spreadOf(paired) };
}

/** Of sorted samples. */
export function percentile(sorted: Float64Array, q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
}
