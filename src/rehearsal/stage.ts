// What tests of one configuration share: its rules compiled once, what they read, and where they stand in the file.

import type { AuthConfig, Config, SourceConfig } from '../config/config.js';
import type { ConfigDocument, KeyPath } from '../config/document.js';
import type { LoadedConfig } from '../config/load.js';
import { compilePolicy, type Policy } from '../entitle/policy.js';
import type { RecordReading } from '../ingest/record-reader.js';
import { compileMapping } from '../map/compile.js';
import type { MapRule } from '../map/rule.js';
import type { Filter } from '../topic/filter.js';

export interface Stage {
  readonly config: Config;
  readonly policy: Policy;
  /** In the order of the configuration. */
  readonly sources: readonly StagedSource[];
  /** Of all paths that the sources can make. */
  readonly patterns: readonly Filter[];
  /** Name of the claim with the roles. */
  readonly rolesClaim: string;
  /** Claims that a rule reads, and roles that one names. */
  readonly claims: ReadonlySet<string>;
  readonly roles: ReadonlySet<string>;
  /** `tailrace.yaml:31` */
  readonly placeOf: (path: KeyPath) => string;
}

export interface StagedSource extends RecordReading {
  readonly config: SourceConfig;
}

/** Throws for a configuration that has not been checked. */
export function stageOf(config: Config, document: LoadedConfig['document']): Stage {
  const compiled = compilePolicy(config.entitlements, 1);
  if (!compiled.ok) throw new Error('a configuration without findings has entitlements that compile');
  const { policy } = compiled;
  const sources = config.sources.map((source) => ({
    config: source,
    ...readingOf(source, source.map, config),
  }));
  return {
    config,
    policy,
    sources,
    patterns: sources.flatMap(({ mapping }) => mapping.patterns),
    rolesClaim: rolesClaimOf(config.auth),
    claims: new Set(policy.rules.flatMap(claimsReadBy)),
    roles: new Set(policy.rules.flatMap(({ roles }) => (roles === 'everyone' ? [] : roles))),
    placeOf: (path) => `${document.file}:${lineOf(document, path)}`,
  };
}

/** How records of a source are read by some of its rules. */
export function readingOf(source: SourceConfig, rules: readonly MapRule[], config: Config): RecordReading {
  const compiled = compileMapping(rules);
  if (!compiled.ok) throw new Error('a configuration without findings has rules that compile');
  const { maxValueBytes, maxDepth, maxKeys } = config.limits;
  return {
    mapping: compiled.mapping,
    keyFormat: source.format.key,
    valueFormat: source.format.value,
    limits: { maxBytes: maxValueBytes, maxDepth, maxKeys, numbers: source.numbers },
  };
}

/** From 1. */
export function lineOf(document: ConfigDocument, path: KeyPath): number {
  return document.positionOf(document.spanOf(path, 'value').start).line;
}

function rolesClaimOf(auth: AuthConfig): string {
  return auth.kind === 'jwt' ? auth.jwt.roles : 'roles';
}

function claimsReadBy({ claims, paths }: Policy['rules'][number]): string[] {
  return [...claims.map(({ name }) => name), ...paths.flatMap((path) => path.claims)];
}
