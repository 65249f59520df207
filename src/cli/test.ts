// `tailrace test`: records through the real stages, and whether everybody sees what the tests say. What a test is, and how it
// is run and judged, is src/rehearsal.

import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findingText } from '../config/finding.js';
import type { ConnectorTypes } from '../config/sources.js';
import { TailraceError } from '../errors.js';
import { Coverage, type UnreachedRule } from '../rehearsal/coverage.js';
import { rehearse } from '../rehearsal/rehearsal.js';
import { stageOf, type Stage } from '../rehearsal/stage.js';
import type { TestCase } from '../rehearsal/test-case.js';
import { readTestFile, type TestFile } from '../rehearsal/test-file.js';
import { failureText } from '../rehearsal/verdict-text.js';
import { failuresOf, type Failure } from '../rehearsal/verdict.js';
import { factsOf, readConfigFile, readText, reportFindings, requireKnownRules } from './config-file.js';
import { EXIT, type ExitCode } from './exit-code.js';
import type { Output } from './output.js';

export interface TestOptions {
  readonly config: string;
  /** Empty: every `*.test.yaml` beside the configuration. */
  readonly files: readonly string[];
  /** Only tests whose name has this text, in any case. */
  readonly filter?: string;
  /** A rule that no test reaches is a failure. */
  readonly strict?: boolean;
  readonly json?: boolean;
  /** Says only what failed. */
  readonly quiet?: boolean;
}

export interface TestContext {
  readonly output: Output;
  readonly connectors: ConnectorTypes;
}

/** 0 when all tests passed, 1 when one failed. Throws `file-unreadable`. */
export async function runTests(options: TestOptions, { output, connectors }: TestContext): Promise<ExitCode> {
  const json = options.json === true;
  const loaded = await readConfigFile(options.config, connectors, 'offline');
  const { config, document, findings } = loaded;
  if (config === undefined) {
    reportFindings(findings, output, { json });
    output.notice(`${options.config}: has mistakes, so no test was run`);
    return EXIT.config;
  }
  requireKnownRules(loaded);
  const stage = stageOf(config, document);
  const names = options.files.length > 0 ? options.files : testFilesBeside(options.config);
  const files = names.map((name) => readTestFile({ name, text: readText(name) }, stage));
  if (!isRunnable(files, output, { json })) return EXIT.config;

  const { filter } = options;
  const tests = files.flatMap((file) => file.tests).filter(({ name }) => isWanted(name, filter));
  if (tests.length === 0) {
    output.notice(`no test has a name with "${filter ?? ''}" in it`);
    return EXIT.usage;
  }
  const coverage = new Coverage(stage);
  const failed = tests.filter((test) => !passes(test, { stage, coverage, output, options })).length;
  const unreached = filter === undefined ? coverage.unreached() : []; // some of the tests cannot reach everything
  const isGood = failed === 0 && !(options.strict === true && unreached.length > 0);
  const counts = { passed: tests.length - failed, failed };
  if (json) output.json({ result: isGood ? 'ok' : 'failed', ...counts, unreached });
  else tellEnd(counts, unreached, { output, strict: options.strict === true });
  return isGood ? EXIT.fine : EXIT.failed;
}

function testFilesBeside(config: string): string[] {
  const folder = dirname(config);
  const names = readdirSync(folder).filter((name) => /\.test\.ya?ml$/.test(name));
  if (names.length > 0) return names.sort().map((name) => join(folder, name));
  throw new TailraceError(
    'file-unreadable',
    `there is no *.test.yaml beside ${config}; name the files, or write one`,
  );
}

/** Reports what was found in the files: mistakes as data, warnings as notices. */
function isRunnable(
  files: readonly TestFile[],
  output: Output,
  { json }: { readonly json: boolean },
): boolean {
  const findings = files.flatMap((file) => file.findings);
  if (json) for (const finding of findings) output.json({ finding: finding.code, ...factsOf(finding) });
  else {
    for (const finding of findings)
      output[finding.severity === 'error' ? 'data' : 'notice'](findingText(finding));
  }
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  if (errors > 0)
    output.notice(`${errors} ${errors === 1 ? 'mistake' : 'mistakes'} in the tests, so none was run`);
  return errors === 0;
}

function isWanted(name: string, filter: string | undefined): boolean {
  return filter === undefined || name.toLowerCase().includes(filter.toLowerCase());
}

interface Run {
  readonly stage: Stage;
  readonly coverage: Coverage;
  readonly output: Output;
  readonly options: TestOptions;
}

function passes(test: TestCase, { stage, coverage, output, options }: Run): boolean {
  const viewers = test.sights.map(({ viewer }) => viewer);
  const rehearsed = rehearse(stage, test.given, viewers);
  coverage.take(test, rehearsed);
  const failures = failuresOf(test, rehearsed, stage);
  const isPassed = failures.length === 0;
  if (options.json === true) output.json(asJson(test, failures));
  else if (!isPassed) output.data(failureText(test, failures));
  else if (options.quiet !== true) output.data(`ok    ${test.name}`);
  return isPassed;
}

function asJson({ name, file, line }: TestCase, failures: readonly Failure[]): object {
  const result = failures.length === 0 ? 'ok' : 'failed';
  return { test: name, file, line, result, ...(failures.length === 0 ? {} : { failures }) };
}

interface Ending {
  readonly output: Output;
  readonly strict: boolean;
}

function tellEnd(
  { passed, failed }: { readonly passed: number; readonly failed: number },
  unreached: readonly UnreachedRule[],
  { output, strict }: Ending,
): void {
  const tell = (text: string) => (strict ? output.data(text) : output.notice(text));
  if (unreached.length > 0) tell(`${strict ? 'FAIL  ' : ''}no test reaches:`);
  for (const { place, what } of unreached) tell(`  ${place}  ${what}`);
  output.notice(`${passed} passed, ${failed} failed`);
}
