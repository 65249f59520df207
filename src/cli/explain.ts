// `tailrace explain`: why somebody sees a path or does not, by the decision that the running system takes.

import { lineOfPath } from '../config/document.js';
import type { ConnectorTypes } from '../config/sources.js';
import type { LoadedConfig } from '../config/load.js';
import type { Config } from '../config/config.js';
import { policyOf } from '../config/compiled.js';
import type { Principal } from '../entitle/principal.js';
import { explain, linesOf, type Explanation } from '../entitle/explain.js';
import { TailraceError } from '../errors.js';
import { isObject, type Json, type JsonObject } from '../topic/json.js';
import { parsePath } from '../topic/path.js';
import { readConfigFile, readText, reportFindings, requireKnownRules } from './config-file.js';
import { EXIT, type ExitCode } from './exit-code.js';
import type { Output } from './output.js';

export interface ExplainOptions {
  readonly config: string;
  readonly path: string;
  /** File with the claims of a token as JSON; left out: a session without a token. */
  readonly as?: string;
  readonly json?: boolean;
}

export interface ExplainContext {
  readonly output: Output;
  readonly connectors: ConnectorTypes;
}

/** 0 when the path is visible, 1 when it is not. */
export async function explainPath(
  options: ExplainOptions,
  { output, connectors }: ExplainContext,
): Promise<ExitCode> {
  const json = options.json === true;
  const parsed = parsePath(options.path);
  if (!parsed.ok) {
    output.fault(
      new TailraceError('file-unreadable', `the path ${JSON.stringify(options.path)} ${parsed.fault}`),
    );
    return EXIT.usage;
  }
  const loaded = await readConfigFile(options.config, connectors, 'offline');
  if (loaded.config === undefined) {
    reportFindings(loaded.findings, output, { json });
    return EXIT.config;
  }
  requireKnownRules(loaded);
  const explanation = explain(
    policyOf(loaded.config, 0),
    principalOf(options.as, loaded.config),
    parsed.path,
  );
  if (json) output.json(asJson(explanation, loaded));
  else for (const line of linesOf(explanation, (rule) => placeOf(rule, loaded))) output.data(line);
  return explanation.effect === 'allow' ? EXIT.fine : EXIT.failed;
}

function principalOf(file: string | undefined, { auth }: Config): Principal {
  const anonymous = auth.kind === 'jwt' ? (auth.anonymous?.roles ?? []) : [];
  if (file === undefined) return { subject: '', roles: anonymous, claims: {} };
  const claims = claimsIn(file);
  const named = claims[auth.kind === 'jwt' ? auth.jwt.roles : 'roles'];
  const { sub } = claims;
  return { subject: typeof sub === 'string' ? sub : '', roles: rolesIn(named, file), claims };
}

function claimsIn(file: string): JsonObject {
  let claims: Json;
  try {
    claims = JSON.parse(readText(file)) as Json;
  } catch (cause) {
    if (cause instanceof TailraceError) throw cause;
    throw new TailraceError('file-unreadable', `${file} is not JSON`);
  }
  if (isObject(claims)) return claims;
  throw new TailraceError('file-unreadable', `${file} must be one JSON object: the claims of a token`);
}

/** As authentication reads the claim: a list of texts, one text, or none. */
function rolesIn(claim: Json | undefined, file: string): readonly string[] {
  if (claim === undefined) return [];
  const list: readonly Json[] = Array.isArray(claim) ? claim : [claim];
  const roles = list.filter((role) => typeof role === 'string');
  if (roles.length === list.length) return roles;
  throw new TailraceError('file-unreadable', `${file}: the claim with the roles must be a list of texts`);
}

/** `tailrace.yaml:31` */
function placeOf(rule: number, { document }: LoadedConfig): string {
  return `${document.file}:${lineOf(rule, document)}`;
}

function lineOf(rule: number, document: LoadedConfig['document']): number {
  return lineOfPath(document, ['entitlements', rule]);
}

function asJson(explanation: Explanation, { document }: LoadedConfig): object {
  const { effect, path, view, decision, decidedBy, steps, wouldChangeIf } = explanation;
  return {
    effect,
    path,
    view,
    hide: decision.visible ? decision.hide : [],
    decidedBy: decidedBy.map((rule) => ({ rule, file: document.file, line: lineOf(rule, document) })),
    steps: steps.map((step) => ({ ...step, line: lineOf(step.rule, document) })),
    ...(wouldChangeIf === undefined ? {} : { wouldChangeIf }),
  };
}
