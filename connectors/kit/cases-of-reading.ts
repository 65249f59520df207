// Cases: what exists, then what changes, in order, with deletes and bad records.

import type { ConformanceCase } from './conformance-case.js';
import { demand } from './expectation.js';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

export const CASES_OF_READING: readonly ConformanceCase[] = [
  {
    name: 'says at once that it follows an empty upstream',
    async run(kit) {
      const { reading } = await kit.follow();
      await kit.settle();
      demand(kit.ledger.records === 0, `it yielded ${kit.ledger.records} records of an empty upstream`);
      await reading.stop();
    },
  },
  {
    name: 'yields every key that exists, then says live',
    needs: ({ completeState }) => (completeState ? undefined : 'completeState: false'),
    partitions: 3,
    async run(kit) {
      await kit.write(KEYS.map((key) => kit.ledger.next(key, 'set')));
      await kit.write(KEYS.slice(2).map((key) => kit.ledger.next(key, 'set')));
      const { reading } = await kit.follow();
      await reading.untilComplete();
    },
  },
  {
    name: 'says live though the upstream is never quiet',
    needs: ({ completeState, resumes }) => (completeState || resumes ? undefined : 'resumes: false'),
    partitions: 3,
    async run(kit) {
      if (kit.harness.traits.completeState) await kit.write(KEYS.map((key) => kit.ledger.next(key, 'set')));
      const source = await kit.connect();
      const reading = kit.read(source);
      const deadline = performance.now() + kit.patienceMs;
      while (!reading.isLive) {
        if (reading.end !== undefined) throw reading.fault('it says "live"');
        demand(performance.now() < deadline, 'it says "live" at last, however much is written meanwhile');
        await kit.write(
          Array.from({ length: 3 }, () => kit.ledger.next(KEYS[kit.chance.pick(8)] ?? 'a', 'set')),
        );
      }
      await reading.untilComplete();
    },
  },
  {
    name: 'follows what is written, in order for each key',
    partitions: 3,
    async run(kit) {
      const { reading } = await kit.follow();
      for (let round = 0; round < 10; round++) {
        const writes = Array.from({ length: 20 }, () =>
          kit.ledger.next(KEYS[kit.chance.pick(KEYS.length)] ?? 'a', 'set'),
        );
        await kit.write(writes);
      }
      await reading.untilComplete();
      demand(reading.interruptions === 0, 'it said "interrupted" though contact was never lost');
    },
  },
  {
    name: 'yields deletes, also of a key that comes back',
    uses: ['delete'],
    partitions: 3,
    async run(kit) {
      const { reading } = await kit.follow();
      await kit.write(KEYS.map((key) => kit.ledger.next(key, 'set')));
      await reading.untilComplete();
      await kit.write(KEYS.map((key) => kit.ledger.next(key, 'delete')));
      await reading.untilComplete();
      await kit.write(KEYS.slice(0, 4).map((key) => kit.ledger.next(key, 'set')));
      await reading.untilComplete();
    },
  },
  {
    name: 'a key that was deleted before reading began is not there',
    needs: ({ completeState }) => (completeState ? undefined : 'completeState: false'),
    uses: ['delete'],
    async run(kit) {
      await kit.write(KEYS.map((key) => kit.ledger.next(key, 'set')));
      await kit.write(KEYS.slice(0, 4).map((key) => kit.ledger.next(key, 'delete')));
      const { reading } = await kit.follow();
      await reading.untilComplete();
    },
  },
  {
    name: 'hands on a bad record, and what comes after it',
    uses: ['writeBad'],
    async run(kit) {
      const { source, reading } = await kit.follow();
      reading.hold();
      const bad = kit.ability('writeBad')();
      const good = kit.write([kit.ledger.next('a', 'set'), kit.ledger.next('b', 'set')]);
      await reading.until(
        'a bad record is yielded as it is, for the dead letters, and what comes after it too',
        () => kit.ledger.strangers.length > 0 && kit.ledger.isComplete,
      );
      for (const { partition, offset } of kit.ledger.strangers)
        source.rejected?.(partition, offset, { stage: 'decode value', code: 'syntax' });
      await reading.acknowledge();
      await Promise.allSettled([bad]);
      await good;
      await reading.untilComplete();
    },
  },
  {
    name: 'describes its options: each with what it is for, and with a default where it may be left out',
    async run(kit) {
      const faults = schemaFaults(kit.harness.type.options, 'options');
      demand(faults.length === 0, faults.join('; '));
    },
  },
];

type Schema = Readonly<Record<string, unknown>>;

function schemaFaults(schema: Schema, place: string): string[] {
  const { type, properties = {}, required = [], additionalProperties } = schema as SchemaOfObject;
  const faults =
    type === 'object' && additionalProperties === undefined
      ? [`${place} accepts unknown keys: say additionalProperties: false`]
      : [];
  for (const [name, option] of Object.entries(properties)) {
    const at = `${place}.${name}`;
    if (typeof option['description'] !== 'string') faults.push(`${at} has no description`);
    const isOptional = place === 'options' && !required.includes(name);
    const forms = [option, ...((option['oneOf'] ?? option['anyOf'] ?? []) as readonly Schema[])];
    const isBlock = forms.some((form) => form['type'] === 'object'); // absent means off
    if (isOptional && option['default'] === undefined && !isBlock && !saysDefault(option))
      faults.push(`${at} is neither required nor has a default, nor a description that says "Default: …"`);
    for (const form of forms) faults.push(...schemaFaults(form, at));
  }
  return faults;
}

interface SchemaOfObject {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
}

function saysDefault({ description }: Schema): boolean {
  return typeof description === 'string' && /\b(Default|Absent|Left out)\b/.test(description);
}
