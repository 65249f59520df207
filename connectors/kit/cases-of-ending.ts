// Cases: sources that are aborted and closed, at any time, and more than once.

import type { Source, SourceEvent } from '../contract.js';
import type { CaseRun } from './case-run.js';
import type { ConformanceCase } from './conformance-case.js';
import { demand, errorText, within } from './expectation.js';

export const CASES_OF_ENDING: readonly ConformanceCase[] = [
  {
    name: 'returns from read soon after its signal aborts, and can be read again',
    async run(kit) {
      const { source, reading } = await kit.follow();
      await kit.write([kit.ledger.next('a', 'set')]);
      await reading.untilComplete();
      await reading.stop();
      const again = kit.read(source);
      await again.until(
        'it says "live" when it is read again',
        () => again.isLive || again.end !== undefined,
      );
      await again.stop().catch(() => undefined);
      const aborted = countRecords(source.read(kit.ledger.positions, AbortSignal.abort()));
      const records = await within('read with an aborted signal returns', aborted, kit.settings.letGoMs);
      demand(records === 0, 'read with an aborted signal must yield no records');
    },
  },
  {
    name: 'closes within 5 s, and again, before anything was done with it',
    async run(kit) {
      await closeTwice(kit.createSource(), kit);
    },
  },
  {
    name: 'closes within 5 s, and again, while it is read: the reading ends',
    async run(kit) {
      const { source, reading } = await kit.follow();
      await closeTwice(source, kit);
      await within('read ends after close', reading.ends('read ends'), kit.settings.letGoMs);
    },
  },
  {
    name: 'closes within 5 s while its reader has stopped',
    async run(kit) {
      const { source, reading } = await kit.follow();
      reading.pause();
      const written = kit.write([kit.ledger.next('a', 'set')]).catch(() => undefined);
      await reading.until('the record comes', () => reading.isPaused);
      await closeTwice(source, kit);
      reading.resume();
      await written;
    },
  },
  {
    name: 'closes within 5 s while the upstream is out of reach',
    uses: ['breakContact'],
    async run(kit) {
      const { source, reading } = await kit.follow();
      const mend = await kit.ability('breakContact')();
      try {
        await kit.until(
          'it notices that contact is lost',
          () => reading.interruptions > 0 || reading.end !== undefined,
        );
        await closeTwice(source, kit);
      } finally {
        await mend();
      }
    },
  },
];

async function countRecords(events: AsyncIterable<SourceEvent>): Promise<number> {
  let records = 0;
  for await (const event of events) records += event.type === 'records' ? event.records.length : 0;
  return records;
}

async function closeTwice(source: Source, { settings: { letGoMs } }: CaseRun): Promise<void> {
  for (const time of ['first', 'second']) {
    const closed: unknown = source.close();
    demand(closed instanceof Promise || isThenable(closed), 'close must return a promise');
    await within(`the ${time} close`, Promise.resolve(closed), letGoMs).catch((error: unknown) => {
      demand(false, `the ${time} close must resolve in time: ${errorText(error)}`);
    });
  }
}

/** A promise of another realm is one too. */
function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value;
}
