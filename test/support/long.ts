// How often a test repeats what is random: a few times for every commit, many times in `npm run test:long`.

/** Whether this is the long run. */
export const isLong = process.env['TAILRACE_SEEDS'] !== undefined;
