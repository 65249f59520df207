// Cases: readers that die, positions that are read on from, and acknowledgements that must not be ahead.

import type { Source } from '../contract.js';
import { isHistoryLost, type CaseRun } from './case-run.js';
import { Chance } from './chance.js';
import type { ConformanceCase } from './conformance-case.js';
import { demand, pause } from './expectation.js';
import type { Fate, Reading } from './reading.js';

export const CASES_OF_RESUMING: readonly ConformanceCase[] = [
  {
    name: 'loses nothing to readers that are killed at random, and go on from what was acknowledged',
    needs: ({ completeState, resumes }) => (completeState || resumes ? undefined : 'resumes: false'),
    partitions: 3,
    isByChance: true,
    run: killAtRandom,
  },
  {
    name: 'has nothing to say when it is read on from its last position and nothing has come since',
    needs: ({ resumes, repeats }) => (resumes ? (repeats ? 'repeats: true' : undefined) : 'resumes: false'),
    partitions: 3,
    async run(kit) {
      const { reading } = await kit.follow();
      await kit.write(['a', 'b', 'c', 'd'].map((key) => kit.ledger.next(key, 'set')));
      await reading.untilComplete();
      await reading.stop();
      const before = kit.ledger.records;
      const second = kit.read(await kit.connect());
      await second.until('it says "live"', () => second.isLive || hasLostHistory(second, kit));
      await kit.settle();
      const again = kit.ledger.records - before;
      demand(again === 0, `it yielded ${again} records once more, though they were acknowledged`);
    },
  },
  {
    name: 'acknowledges nothing upstream before it is durable',
    uses: ['acknowledged'],
    async run(kit) {
      const { reading } = await kit.follow();
      const acknowledged = kit.ability('acknowledged');
      reading.hold();
      const writes = ['a', 'b', 'c'].map((key) => kit.ledger.next(key, 'set'));
      const written = Promise.all(writes.map((write) => kit.upstream.write([write])));
      await reading.until('what is written is yielded', () => kit.ledger.isComplete);
      await kit.settle();
      for (const write of writes) {
        const isAhead = await acknowledged(write);
        demand(!isAhead, `the upstream holds key ${write.key} for taken before the core has acknowledged it`);
      }
      await reading.acknowledge();
      for (const write of writes) {
        const sentence = `the upstream learns that key ${write.key} was acknowledged`;
        await reading.until(sentence, () => acknowledged(write));
      }
      await written;
    },
  },
  {
    name: 'does not let its sender believe that something was taken which died with the reader',
    needs: ({ resumes }) => (resumes ? 'resumes: true, so that it is read again' : undefined),
    uses: ['acknowledged'],
    async run(kit) {
      const { source, reading } = await kit.follow();
      const acknowledged = kit.ability('acknowledged');
      reading.hold();
      const lost = kit.ledger.next('a', 'set');
      const sent = kit.upstream.write([lost]).catch(() => 'refused');
      await reading.until('what is sent is yielded', () => kit.ledger.isComplete);
      await reading.stop();
      await source.close();
      demand(
        !(await acknowledged(lost)),
        'the sender believes that it was taken, but nobody acknowledged it',
      );
      await Promise.race([sent, pause(kit.patienceMs)]);
      demand(
        !(await acknowledged(lost)),
        'the sender believes that it was taken, but nobody acknowledged it',
      );
    },
  },
];

const IDLE_MS = 50;

/** Fifty writes and more while readers die between any two events, each in its own way. */
async function killAtRandom(kit: CaseRun): Promise<void> {
  const writing = writeAtRandom(kit);
  writing.catch(() => undefined); // awaited below
  let source = await kit.connect();
  for (let kill = 0; kill < kit.settings.kills; kill++) {
    source = await nextSource(kit, source);
    const at = kit.chance.pick(6);
    const fate = kit.chance.of<Fate>(['acknowledged', 'durable', 'lost']);
    // what is lost is lost with its reader: nobody takes another event after it
    const end = fate !== 'lost' && kit.chance.isOneOf(1, 2) ? 'abort' : 'leave';
    const reading = kit.read(source, {
      fateOf: (event) => (event === at ? { fate, end } : { fate: 'acknowledged' }),
    });
    await reading.until(
      'a reader that was killed is gone',
      () => reading.end !== undefined || isIdle(reading),
    );
    await reading.stop().catch(() => undefined); // how it ended is judged below
    if (reading.end?.why === 'threw' && !hasLostHistory(reading, kit))
      throw reading.fault('it reads on after a kill');
  }
  await writing;
  await readToTheEnd(kit, await nextSource(kit, source));
}

/** Sometimes a new process, sometimes the same source read once more. */
async function nextSource(kit: CaseRun, former: Source): Promise<Source> {
  if (kit.chance.isOneOf(1, 3)) return former;
  await former.close();
  return kit.connect();
}

async function writeAtRandom(kit: CaseRun): Promise<void> {
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
  const chance = new Chance(~kit.settings.firstSeed); // its own: what readers do must not depend on who comes first
  const canDelete = kit.harness.cannot?.delete === undefined;
  for (let round = 0; round < 20; round++) {
    const writes = Array.from({ length: 1 + chance.pick(4) }, () =>
      kit.ledger.next(chance.of(keys), canDelete && chance.isOneOf(1, 5) ? 'delete' : 'set'),
    );
    await kit.write(writes);
    await pause(chance.pick(20));
  }
}

/** It waits for more, and would wait for ever. */
function isIdle(reading: Reading): boolean {
  return reading.isLive && reading.quietMs > IDLE_MS;
}

async function readToTheEnd(kit: CaseRun, source: Source): Promise<void> {
  const reading = kit.read(source);
  await reading.until('it goes on', () => reading.isLive || hasLostHistory(reading, kit));
  if (reading.isLive) return reading.untilComplete();
  return readToTheEnd(kit, source);
}

/** A source of complete state may say that it cannot go on from there: it is read anew, as the core would. */
function hasLostHistory({ end }: Reading, { ledger, harness }: CaseRun): boolean {
  const isLost =
    end?.why === 'threw' &&
    isHistoryLost(end.error) &&
    harness.traits.completeState &&
    ledger.positions.size > 0;
  if (isLost) ledger.beginAnew();
  return isLost;
}
