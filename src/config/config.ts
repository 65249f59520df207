// The configuration as resolved: what every part of the process is given. Durations are milliseconds and sizes bytes,
// defaults are filled in, secrets are resolved and wrapped, and everything in it has been checked. How it is written
// stands in docs/config.md; load.ts makes one of these from that.

import type { SourceType } from '../../connectors/contract.js';
import type { MapRule } from '../map/rule.js';
import type { RuleConfig } from '../entitle/rule.js';
import type { ClusterSettings } from '../kafka/cluster.js';
import type { Ms } from '../topic/update.js';
import type { Secret } from './secret.js';

export interface Config {
  readonly listen: ListenConfig;
  readonly admin: AdminConfig;
  readonly auth: AuthConfig;
  /** At least one. Names are distinct, and no path belongs to two of them. */
  readonly sources: readonly SourceConfig[];
  readonly outbound: OutboundConfig;
  /** Empty: nobody sees anything. */
  readonly entitlements: readonly EntitlementRule[];
  readonly limits: Limits;
  readonly fanout: FanoutConfig;
  readonly log: LogConfig;
  readonly reload: ReloadConfig;
  readonly shutdown: ShutdownConfig;
}

/** The public port: sessions. Loopback whenever `auth` is `none`. */
export interface ListenConfig {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** `scheme://host[:port]` each, in lower case; browsers from elsewhere are refused. Empty: all browsers are refused. */
  readonly origins: readonly string[];
}

/** The operator's port: metrics, health and the admin API. */
export interface AdminConfig {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** At least 16 bytes of visible ASCII. Undefined: the admin API refuses everybody. */
  readonly token: Secret | undefined;
}

/** Where requests over HTTP may go beside what is public. */
export interface OutboundConfig {
  /** Ranges, addresses, and the words `private` and `loopback`. */
  readonly allow: readonly string[];
}

export type AuthConfig =
  /** Everybody who reaches the (loopback) port is let in, as nobody in particular. */
  | { readonly kind: 'none' }
  | { readonly kind: 'jwt'; readonly jwt: JwtConfig; readonly anonymous: AnonymousConfig | undefined };

/** What sessions without a token are. Absent: they are refused. */
export interface AnonymousConfig {
  readonly roles: readonly string[];
}

export interface JwtConfig {
  readonly key: JwtKey;
  /** Not empty, and all of the one family that `key` can verify. */
  readonly algorithms: readonly JwtAlgorithm[];
  readonly issuer: string;
  readonly audience: string;
  /** Name of the claim that lists the roles. */
  readonly roles: string;
  /** How far clocks may differ when `exp`, `nbf` and `iat` are judged. */
  readonly leewayMs: Ms;
  /** Tokens issued longer ago are refused even if they have not expired. */
  readonly maxAgeMs: Ms;
}

export type JwtKey =
  /** At least 32 bytes of UTF-8: HS256, HS384, HS512. */
  | { readonly kind: 'secret'; readonly secret: Secret }
  /** Fetched and cached: RS, PS, ES, EdDSA. */
  | { readonly kind: 'jwks'; readonly url: string }
  /** One SPKI public key in PEM: RS, PS, ES, EdDSA. */
  | { readonly kind: 'publicKey'; readonly pem: string };

export const HMAC_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const;
export const PUBLIC_KEY_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;
export type JwtAlgorithm = (typeof HMAC_ALGORITHMS)[number] | (typeof PUBLIC_KEY_ALGORITHMS)[number];

export interface SourceConfig {
  readonly name: string;
  /** The connector as people know it: `kafka`, `./my-connector.mjs`. */
  readonly type: string;
  readonly connector: SourceType<unknown>;
  /** What the connector's schema describes, defaults filled in. Sealed, since it may hold passwords: `reveal()` for `create`. */
  readonly options: Secret<Readonly<Record<string, unknown>>>;
  readonly format: SourceFormat;
  /** There is one where a format needs it. */
  readonly schemaRegistry: SchemaRegistryConfig | undefined;
  /** Integers beyond 2^53 - 1 and numbers that no double holds: kept as text, or the record is rejected. */
  readonly numbers: 'string' | 'reject';
  /** Who owns a path that two keys map to. */
  readonly contended: 'last' | 'newest' | 'reject';
  /** Paths that no record has spoken of for so long go. More than 0. */
  readonly expireAfterMs: Ms | undefined;
  readonly maxPaths: number | undefined;
  /** Subscribers see no half of a transaction. Its connector tells transactions. */
  readonly atomic: boolean;
  readonly deadLetters: DeadLettersConfig;
  /** At least one. */
  readonly map: readonly MapRule[];
}

export interface SourceFormat {
  readonly key: Format;
  readonly value: Format;
}

/** What becomes of records that cannot be used. */
export interface DeadLettersConfig {
  /** What many of them do to reading. Undefined: as the source is one that pulls, or that others send to. */
  readonly onFlood: 'pause' | 'continue' | undefined;
  /** Undefined: lines of the log are all. */
  readonly store: DeadLetterStoreConfig | undefined;
}

export type DeadLetterStoreConfig =
  /** Of one source alone. `path` is absolute. */
  | { readonly kind: 'file'; readonly path: string; readonly maxBytes: number }
  | { readonly kind: 'topic'; readonly name: string; readonly cluster: Secret<ClusterSettings> };

/** Where a source's schemas are. */
export interface SchemaRegistryConfig {
  /** http or https, with the base path; no user in it. */
  readonly url: string;
  readonly login: { readonly username: string; readonly password: Secret } | undefined;
  /** PEM; undefined: the authorities of the system. */
  readonly ca: string | undefined;
  /** For one answer. */
  readonly timeoutMs: Ms;
  /** Avro schemas as which keys and values are read: JSON, or `subject@version`. Absent: as they were written. */
  readonly readerSchema: Readonly<Partial<Record<'key' | 'value', string>>>;
}

export const FORMATS = [
  'json',
  'string',
  'bytes',
  'avro',
  'json-schema',
  'protobuf',
  'cloudevents',
  'debezium',
] as const;
export type Format = (typeof FORMATS)[number];

/** One rule of who sees what, as written: src/entitle compiles it. */
export type EntitlementRule = RuleConfig;

/** Every limit on what a client or a record can grow. */
export interface Limits {
  readonly maxMessageBytes: number;
  readonly authTimeoutMs: Ms;
  readonly filtersPerSession: number;
  /** Of all sessions; the heap may have room for fewer. */
  readonly filters: number;
  readonly visiblePathsPerSubscription: number;
  readonly conflateFromBytes: number;
  readonly conflateAfterMs: Ms;
  readonly stallTimeoutMs: Ms;
  readonly sessions: number;
  readonly upgradesPerSecond: number;
  readonly unauthenticatedSessions: number;
  readonly inboundPerSecond: number;
  readonly inboundBurst: number;
  readonly beatMs: Ms;
  readonly maxValueBytes: number;
  readonly maxDepth: number;
  readonly maxKeys: number;
  readonly elementsPerRecord: number;
}

export interface FanoutConfig {
  /** 0: what became due in one turn of the event loop leaves at its end. */
  readonly flushWindowMs: Ms;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogConfig {
  readonly level: LogLevel;
}

export interface ReloadConfig {
  /** Changed files are taken up by themselves. */
  readonly watch: boolean;
}

export interface ShutdownConfig {
  /** How long a stop may take before the process exits all the same. */
  readonly graceMs: Ms;
  /** Unready, and serving as before. */
  readonly waitMs: Ms;
  /** The closes of sessions are spread over this. `waitMs + spreadMs < graceMs`. */
  readonly spreadMs: Ms;
}
