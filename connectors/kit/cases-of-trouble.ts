// Cases: history that is gone, contact that is lost, options that cannot work, readers that do not read.

import type { ConformanceCase } from './conformance-case.js';
import { DEFAULT_BUFFERS_BYTES, isHistoryLost, type CaseRun } from './case-run.js';
import { demand, errorText, isNamed, pause, within } from './expectation.js';
import type { ConnectorHarness, Misconfiguration, Write } from './harness.js';
import { heldBytes } from './held-bytes.js';

export const CASES_OF_TROUBLE: readonly ConformanceCase[] = [
  {
    name: 'says HistoryLost when what came after its position is gone, and can then be read anew',
    needs: ({ completeState, resumes }) => (completeState || resumes ? undefined : 'resumes: false'),
    uses: ['loseHistory'],
    async run(kit) {
      const { source, reading } = await kit.follow();
      await kit.write(['a', 'b', 'c', 'd'].map((key) => kit.ledger.next(key, 'set')));
      await reading.untilComplete();
      await reading.stop();
      await source.close();
      const state = kit.ledger.state(['a', 'b']);
      await kit.ability('loseHistory')(state);
      kit.ledger.replace(state);
      const next = await kit.connect();
      const late = kit.read(next);
      const end = await late.ends('a position from before the loss is refused');
      const isSaid = end.why === 'threw' && isHistoryLost(end.error);
      if (!isSaid) throw late.fault('a position from before the loss is refused with HistoryLost');
      if (!kit.harness.traits.completeState) return;
      kit.ledger.beginAnew();
      await kit.read(next).untilComplete();
    },
  },
  {
    name: 'tells when contact is lost, and says live again when it has what came meanwhile',
    uses: ['breakContact'],
    async run(kit) {
      const { source, reading } = await kit.follow();
      await kit.write(['a', 'b'].map((key) => kit.ledger.next(key, 'set')));
      await reading.untilComplete();
      const mend = await kit.ability('breakContact')();
      try {
        await kit.until(
          'it says "interrupted" or throws SourceUnavailable when contact is lost',
          () => reading.interruptions > 0 || reading.end !== undefined,
        );
        if (reading.end !== undefined) demandUnavailable(reading.end, kit);
        await demandProbeFails(kit);
        await kit.write(['b', 'c'].map((key) => kit.ledger.next(key, 'set')));
        kit.ledger.oweAtLive();
      } finally {
        await mend();
      }
      if (reading.end === undefined) return reading.untilComplete();
      await kit.probe(source);
      await kit.read(source).untilComplete();
    },
  },
  {
    name: 'holds little while its reader stops, and loses nothing',
    partitions: 3,
    async run(kit) {
      const limit = kit.harness.buffersBytes ?? DEFAULT_BUFFERS_BYTES;
      const { reading } = await kit.follow();
      reading.pause();
      const writes = bulk(kit, 3 * limit);
      const before = await heldBytes();
      const writing = kit.write(writes);
      await reading.until('the first record comes', () => reading.isPaused);
      await Promise.race([writing, pause(kit.patienceMs / 4)]); // those who send to a source wait for its reader
      await pause(kit.settings.stallMs);
      const held = (await heldBytes()) - before;
      reading.resume();
      await writing;
      await reading.untilComplete();
      demand(
        held <= limit,
        `it held ${mib(held)} while nobody read, of ${mib(3 * limit)} that waited; ${mib(limit)} is what the harness allows`,
      );
    },
  },
];

/** One case for each mistake that the harness knows of. */
export function casesOfMisconfiguration({ misconfigurations }: ConnectorHarness): ConformanceCase[] {
  return misconfigurations.map((mistake) => ({
    name: `names the mistake when it is probed: ${mistake.name}`,
    run: (kit) => demandNamed(kit, mistake),
  }));
}

async function demandNamed(
  kit: CaseRun,
  { options, says, error: wanted = 'OptionsRejected' }: Misconfiguration,
): Promise<void> {
  const thrown = await thrownBy(async () => {
    const source = kit.createSource(options(kit.upstream.options));
    await within('probe finds out', source.probe(AbortSignal.timeout(kit.patienceMs)), kit.patienceMs);
  });
  demand(thrown !== undefined, `probe must throw ${wanted}; it found nothing wrong`);
  const text = errorText(thrown);
  demand(isNamed(thrown, wanted), `probe must throw ${wanted}; it threw ${text}`);
  for (const part of says) {
    const isSaid = typeof part === 'string' ? text.includes(part) : part.test(text);
    demand(isSaid, `the message must name ${String(part)}; it is: ${text}`);
  }
}

async function demandProbeFails(kit: CaseRun): Promise<void> {
  const thrown = await thrownBy(() => {
    const probed = kit.createSource().probe(AbortSignal.timeout(kit.patienceMs));
    return within('probe gives up when the upstream is out of reach', probed, 2 * kit.patienceMs);
  });
  demand(
    isNamed(thrown, 'SourceUnavailable'),
    `probe must throw SourceUnavailable while the upstream is out of reach; it ${thrown === undefined ? 'found nothing wrong' : `threw ${errorText(thrown)}`}`,
  );
}

/** Complete sources whose history ends with their connection say so, and are read anew. */
function demandUnavailable(
  end: { readonly why: string; readonly error?: unknown },
  { harness, ledger }: CaseRun,
): void {
  const { completeState, resumes } = harness.traits;
  if (completeState && !resumes && end.why === 'threw' && isHistoryLost(end.error)) return ledger.beginAnew();
  const isSaid = end.why === 'threw' && isNamed(end.error, 'SourceUnavailable');
  const how = end.why === 'threw' ? `threw ${errorText(end.error)}` : 'returned';
  demand(isSaid, `when contact is lost read must yield "interrupted" or throw SourceUnavailable; it ${how}`);
}

async function thrownBy(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error;
  }
}

const BYTES_PER_RECORD = 10 * 1024;

/** Each of another key, so that an upstream which keeps the newest of each keeps them all. */
function bulk(kit: CaseRun, bytes: number): Write[] {
  const padding = 'x'.repeat(BYTES_PER_RECORD);
  return Array.from({ length: Math.ceil(bytes / BYTES_PER_RECORD) }, (_, index) =>
    kit.ledger.next(`bulk-${index}`, 'set', padding),
  );
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
