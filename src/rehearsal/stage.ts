// What tests of one configuration share: its rules compiled once, what they read, and where they stand in the file.

import { policyOf, readingOf } from '../config/compiled.js';
import type { AuthConfig, Config, SourceConfig } from '../config/config.js';
import { lineOfPath, type KeyPath } from '../config/document.js';
import type { LoadedConfig } from '../config/load.js';
import type { Policy } from '../entitle/policy.js';
import type { RecordReading } from '../ingest/record-reader.js';
import { readingOfWritten } from './written-record.js';
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
  const policy = policyOf(config, 1);
  const sources = config.sources.map((source) => ({
    config: source,
    ...readingOfWritten(readingOf(source, config.limits)),
  }));
  return {
    config,
    policy,
    sources,
    patterns: sources.flatMap(({ mapping }) => mapping.patterns),
    rolesClaim: rolesClaimOf(config.auth),
    claims: new Set(policy.rules.flatMap(claimsReadBy)),
    roles: new Set(policy.rules.flatMap(({ roles }) => (roles === 'everyone' ? [] : roles))),
    placeOf: (path) => `${document.file}:${lineOfPath(document, path)}`,
  };
}

function rolesClaimOf(auth: AuthConfig): string {
  return auth.kind === 'jwt' ? auth.jwt.roles : 'roles';
}

function claimsReadBy({ claims, paths }: Policy['rules'][number]): string[] {
  return [...claims.map(({ name }) => name), ...paths.flatMap((path) => path.claims)];
}
