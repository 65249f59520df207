// `tailrace check`: everything that is wrong with a configuration, what one record would become under it, and whether its upstreams
// let it in.

import { systemClock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Origins } from '../config/origins.js';
import { printedValues, printedYaml } from '../config/printed-config.js';
import type { ConnectorTypes } from '../config/sources.js';
import { createOutbound } from '../outbound/outbound.js';
import { scrubText } from '../telemetry/scrub.js';
import type { Ms } from '../topic/update.js';
import { readConfigFile, readText, reportFindings, requireKnownRules } from './config-file.js';
import { EXIT, type ExitCode } from './exit-code.js';
import type { Output } from './output.js';
import { parseSample, sampleRecord } from './sample.js';
import { sampleText } from './sample-text.js';

const DEFAULT_TIMEOUT_MS: Ms = 10_000;

export interface CheckOptions {
  readonly config: string;
  /** File with one record. */
  readonly sample?: string;
  /** Resolve variables and files as `run` does; without it the check needs no secrets. */
  readonly env?: boolean;
  /** Contact the upstreams too; implies `env`. */
  readonly connect?: boolean;
  /** How long each of them may take. */
  readonly timeoutMs?: Ms;
  /** Show every value with where it comes from. */
  readonly print?: boolean;
  readonly json?: boolean;
}

export interface CheckContext {
  readonly output: Output;
  readonly connectors: ConnectorTypes;
  readonly env: NodeJS.ProcessEnv;
}

export async function check(
  options: CheckOptions,
  { output, connectors, env }: CheckContext,
): Promise<ExitCode> {
  const json = options.json === true;
  const loaded = await readConfigFile(options.config, connectors, isOnline(options) ? env : 'offline');
  const isPrinting = options.print === true && loaded.origins !== undefined;
  // What is printed is a file of its own; warnings do not belong into it.
  reportFindings(
    loaded.findings,
    isPrinting ? { ...output, data: (text: string) => output.notice(text) } : output,
    { json },
  );
  const errors = loaded.findings.filter(({ severity }) => severity === 'error').length;
  const warnings = loaded.findings.length - errors;
  if (json) output.json({ result: errors === 0 ? 'ok' : 'rejected', errors, warnings, needs: loaded.needs });
  if (loaded.config === undefined) {
    output.notice(`${options.config}: ${count(errors, 'error')}, ${count(warnings, 'warning')}`);
    return EXIT.config;
  }
  const { sources, entitlements } = loaded.config;
  const parts = `${count(sources.length, 'source')}, ${count(entitlements.length, 'rule')}, ${count(warnings, 'warning')}`;
  output.notice(`${options.config}: ok (${parts})${needsText(options, loaded.needs)}`);
  if (isPrinting) print(loaded.origins, { output, connectors, json });
  const connected =
    options.connect === true ? await connect(loaded.config, { ...options, output }) : EXIT.fine;
  if (options.sample === undefined || connected !== EXIT.fine) return connected;

  requireKnownRules(loaded);
  const record = parseSample(readText(options.sample), options.sample);
  const samples = sampleRecord(loaded.config, record);
  for (const sample of samples) {
    if (json) output.json(sample);
    else output.data(sampleText(sample));
  }
  return samples.some(({ outcome }) => outcome === 'rejected') ? EXIT.failed : EXIT.fine;
}

async function connect(
  { sources, limits, outbound: { allow } }: Config,
  { timeoutMs = DEFAULT_TIMEOUT_MS, json, output }: CheckOptions & Pick<CheckContext, 'output'>,
): Promise<ExitCode> {
  const { contactAll, contactExit, contactText } = await import('./connect.js');
  const contacts = await contactAll(sources, {
    ...{ clock: systemClock, timeoutMs, outbound: createOutbound({ allow }), limits },
  });
  for (const contact of contacts) {
    if (json === true) output.json(contact);
    else output.data(scrubText(contactText(contact)));
    for (const warning of contact.warnings) output.notice(`source ${contact.source}: ${scrubText(warning)}`);
  }
  return contactExit(contacts);
}

function isOnline({ env, connect }: CheckOptions): boolean {
  return env === true || connect === true;
}

function print(
  origins: Origins,
  { output, connectors, json }: Pick<CheckContext, 'output' | 'connectors'> & { readonly json: boolean },
): void {
  if (json) for (const value of printedValues(origins, connectors)) output.json(value);
  else output.data(printedYaml(origins, connectors).trimEnd());
}

function needsText(options: CheckOptions, needs: readonly string[]): string {
  return isOnline(options) || needs.length === 0 ? '' : `; when it runs it needs: ${needs.join(', ')}`;
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
