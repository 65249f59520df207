// The Java producer as the tests see it: Producer.java, compiled once into the cache, runs a list of steps in one JVM.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { ensureKafkaInstalled, findProgram, kafkaCacheDir } from '../../src/demo/kafka-install.js';
import { runTool } from '../../src/demo/run-tool.js';

type Bytes = Buffer | string | null;

interface JavaRecord {
  readonly producer: string;
  readonly topic: string;
  /** Default 0. */
  readonly partition?: number;
  readonly key: Bytes;
  readonly value: Bytes;
  readonly headers?: readonly (readonly [name: string, value: Bytes])[];
}

export type JavaStep =
  | {
      readonly step: 'open';
      readonly producer: string;
      readonly codec?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
      readonly transactionalId?: string;
    }
  | { readonly step: 'begin' | 'commit' | 'abort' | 'flush'; readonly producer: string }
  /** send waits for the acknowledgement, queue leaves batching to the producer (200 ms linger, 256 KiB). */
  | ({ readonly step: 'send' | 'queue' } & JavaRecord)
  /** Ends the JVM at once: open transactions stay open. */
  | { readonly step: 'halt' };

/** Runs the steps in order; resolves when all is acknowledged and closed. About a second of JVM start. */
export async function javaProduce(brokers: readonly string[], steps: readonly JavaStep[]): Promise<void> {
  const install = await ensureKafkaInstalled();
  const classes = await compiled(install.classPath);
  const archive =
    install.archive === undefined ? [] : [`-XX:SharedArchiveFile=${install.archive}`, '-Xshare:auto'];
  const result = await runTool(
    install.java,
    [
      ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...archive],
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
      ...['-cp', [install.classPath, classes].join(delimiter), 'Producer', brokers.join(',')],
    ],
    undefined,
    steps.map((each) => `${line(each)}\n`).join(''),
  );
  if (result.code !== 0) throw new Error(`the Java producer failed: ${result.lastError}`);
}

function line(step: JavaStep): string {
  switch (step.step) {
    case 'open':
      return [step.step, step.producer, step.codec ?? 'none', step.transactionalId ?? ''].join('\t');
    case 'send':
    case 'queue': {
      const headers = (step.headers ?? []).flatMap(([name, value]) => [name, hex(value)]);
      return [
        step.step,
        step.producer,
        step.topic,
        step.partition ?? 0,
        hex(step.key),
        hex(step.value),
        ...headers,
      ].join('\t');
    }
    case 'halt':
      return step.step;
    case 'begin':
    case 'commit':
    case 'abort':
    case 'flush':
      return [step.step, step.producer].join('\t');
  }
}

function hex(value: Bytes): string {
  return value === null ? '-' : Buffer.from(value).toString('hex');
}

async function compiled(classPath: string): Promise<string> {
  const source = join(import.meta.dirname, 'Producer.java');
  const hash = createHash('sha256')
    .update(await readFile(source))
    .digest('hex')
    .slice(0, 12);
  const classes = join(kafkaCacheDir(), `producer-${hash}`);
  if (existsSync(classes)) return classes;
  const javac = await findProgram('javac');
  if (javac === undefined) throw new Error('javac is missing: install a JDK 17 or newer');
  await mkdir(kafkaCacheDir(), { recursive: true });
  const work = await mkdtemp(`${classes}.`);
  const result = await runTool(javac, ['-cp', classPath, '-d', work, source]);
  if (result.code !== 0) throw new Error(`Producer.java does not compile: ${result.lastError}`);
  await rename(work, classes).catch(() => rm(work, { recursive: true, force: true }));
  return classes;
}
