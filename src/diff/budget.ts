// How much work one diff may do. Comparing foreign values is a denial-of-service surface, so the walk counts what it looks at.

/** Spent by the walk; negative = spent, and what the walk has found is worthless. */
export interface Budget {
  nodesLeft: number;
}

/** Object members and array elements that one diff may look at before the full value is sent instead. About 1 ms of work. */
export const DIFF_NODES = 20_000;
