// The conformance kit: what connectors/contract.ts promises to the core, as cases that any test framework can run over any
// connector. `for (const { name, run } of conformanceCases(harness)) test(name, run)`.

import { CASES_OF_ENDING } from './cases-of-ending.js';
import { CASES_OF_READING } from './cases-of-reading.js';
import { CASES_OF_RESUMING } from './cases-of-resuming.js';
import { CASES_OF_TROUBLE, casesOfMisconfiguration } from './cases-of-trouble.js';
import { CaseRun, type KitSettings } from './case-run.js';
import type { ConformanceCase } from './conformance-case.js';
import { errorText, NotConformant } from './expectation.js';
import type { ConnectorHarness } from './harness.js';

// The door of the package `tailrace/connector-kit`: all that a harness is written with.
export type { KitSettings } from './case-run.js';
export type { Ability, ConnectorHarness, Misconfiguration, TestUpstream, Write } from './harness.js';

export interface RunnableCase {
  /** A sentence. Of a case that is left out it begins with `not promised` or `not tried`, and says why. */
  readonly name: string;
  /** undefined: it is run. */
  readonly leftOut: string | undefined;
  /** Rejects with an error that says which promise is broken. One at a time: memory is measured. */
  readonly run: () => Promise<void>;
}

/** All cases of the kit, in an order that goes from the plain to the rare. */
export function conformanceCases(harness: ConnectorHarness, settings: KitSettings = {}): RunnableCase[] {
  const cases = [
    ...CASES_OF_READING,
    ...CASES_OF_RESUMING,
    ...CASES_OF_TROUBLE,
    ...CASES_OF_ENDING,
    ...casesOfMisconfiguration(harness),
  ];
  return cases.map((each) => runnable(each, harness, settings));
}

function runnable(each: ConformanceCase, harness: ConnectorHarness, settings: KitSettings): RunnableCase {
  const leftOut = reasonToLeaveOut(each, harness);
  if (leftOut !== undefined)
    return { name: `${leftOut}: ${each.name}`, leftOut, run: () => Promise.resolve() };
  const { seeds = 5, firstSeed = 1 } = settings;
  const last = each.isByChance === true ? firstSeed + seeds - 1 : firstSeed;
  return {
    name: each.name,
    leftOut,
    async run() {
      for (let seed = firstSeed; seed <= last; seed++) await runOnce(each, seed, { harness, settings });
    },
  };
}

function reasonToLeaveOut(
  { needs, uses = [] }: ConformanceCase,
  { traits, cannot = {} }: ConnectorHarness,
): string | undefined {
  const trait = needs?.(traits);
  if (trait !== undefined) return `not promised by ${trait}`;
  const missing = uses.find((ability) => cannot[ability] !== undefined);
  return missing === undefined ? undefined : `not tried (${missing}: ${cannot[missing] ?? ''})`;
}

async function runOnce(
  each: ConformanceCase,
  seed: number,
  { harness, settings }: { readonly harness: ConnectorHarness; readonly settings: KitSettings },
): Promise<void> {
  const kit = await CaseRun.open(harness, { ...settings, partitions: each.partitions ?? 1, seed });
  try {
    await each.run(kit);
  } catch (error) {
    const again = each.isByChance === true ? ` (again with { firstSeed: ${seed}, seeds: 1 })` : '';
    const text = error instanceof NotConformant ? error.message : errorText(error);
    throw new NotConformant(`a source ${each.name}: ${text}${again}`, { cause: error });
  } finally {
    await kit.close();
  }
}
