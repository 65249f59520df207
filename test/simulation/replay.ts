// Runs a property over plans so that a failure can be had again: it prints one line that repeats it, and the plan itself.

import fc from 'fast-check';
import { Simulation, type SimulationOptions } from './simulation.js';
import { run, type Plan } from './steps.js';

/** Runs of each form: enough for every commit; more by TAILRACE_SEEDS. */
const RUNS = Number(process.env['TAILRACE_SEEDS'] ?? 200);
/** When looking for a smaller failing plan has taken this long, the smallest so far must do. */
const SHRINK_MS = 60_000;
const SEED = process.env['TAILRACE_SEED'];
const PATH = process.env['TAILRACE_PATH'];

/** One plan from beginning to end; throws what is wrong with it. */
export async function simulate(
  plan: Plan,
  options: Omit<SimulationOptions, 'seed' | 'isRoomy'> = {},
): Promise<void> {
  const simulation = new Simulation({ ...plan, ...options });
  try {
    await run(simulation, plan);
  } finally {
    await simulation.end().catch(() => undefined); // what matters has been thrown
  }
}

/** Fails with the smallest failing plan that was found, how to see it again, and what went wrong. `name` is the test's, `share` the part of the runs it gets. */
export async function expectAllSeeds(name: string, plans: fc.Arbitrary<Plan>, share = 1): Promise<void> {
  const property = fc.asyncProperty(plans, (plan) => simulate(plan));
  const at = SEED === undefined ? {} : { seed: Number(SEED), ...(PATH === undefined ? {} : { path: PATH }) };
  const first = await fc.check(property, { numRuns: Math.ceil(RUNS * share), endOnFailure: true, ...at });
  if (!first.failed) return;
  const again = {
    seed: first.seed,
    path: first.counterexamplePath ?? '',
    interruptAfterTimeLimit: SHRINK_MS,
  };
  const smallest = await fc.check(property, again);
  const found = smallest.failed ? smallest : first;
  const command =
    `TAILRACE_SEED=${found.seed} TAILRACE_PATH=${found.counterexamplePath ?? ''} NODE_OPTIONS=--experimental-vm-modules ` +
    `npx jest --selectProjects unit --testPathPatterns test/simulation/simulation -t '${name}'`;
  const plan = JSON.stringify(found.counterexample?.[0]);
  const reason =
    found.errorInstance instanceof Error ? found.errorInstance.stack : String(found.errorInstance);
  throw new Error(`replay: ${command}\nplan: ${plan}\n${reason}`);
}
