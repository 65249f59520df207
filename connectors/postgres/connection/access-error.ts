// Why a server cannot be used, as an error of the contract with the sentence that a person needs: what failed, where, what to do.
// By SQLSTATE and by what became of the connection, never by message text. What is special about slots is in slot-error.ts.

import { OptionsRejected, SourceUnavailable } from '../../contract.js';

/** What became of a connection. */
export type Trouble =
  /** The server said so. */
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** The socket, or TLS on it, failed. */
  | { readonly kind: 'socket'; readonly error: Error }
  /** The other side closed it. */
  | { readonly kind: 'ended' }
  /** It does not speak TLS. */
  | { readonly kind: 'no tls' }
  /** It asks for a password, and there is none. */
  | { readonly kind: 'no password' }
  /** It asks for a login that we cannot do, or fails to prove that it knows the password itself. */
  | { readonly kind: 'login'; readonly error: Error }
  /** Connecting took too long. */
  | { readonly kind: 'timeout'; readonly afterMs: number }
  /** It was open, and the other side is not there any more. */
  | { readonly kind: 'silent'; readonly afterMs: number }
  /** By us: `reason` is what pending work rejects with. */
  | { readonly kind: 'closed'; readonly reason: Error };

/** An ErrorResponse of the server. */
export interface Refusal {
  readonly sqlState: string;
  /** In the server's language. */
  readonly text: string;
}

/** Whom we speak to, and how. */
export interface Peer {
  /** `host:port/database`. */
  readonly place: string;
  readonly user: string;
  readonly isReplication: boolean;
  readonly hasTls: boolean;
  readonly hasAuthorities: boolean;
  readonly hasCertificate: boolean;
}

/** A statement that the server refused, on a connection that goes on. Becomes an error of the contract by {@link contractError}. */
export class StatementRefused extends Error {
  override readonly name = 'StatementRefused';
  readonly sqlState: string;
  /** What the server wrote. */
  readonly text: string;

  constructor({ sqlState, text }: Refusal, { place }: Pick<Peer, 'place'>) {
    super(`${place}: ${text} (SQLSTATE ${sqlState})`);
    this.sqlState = sqlState;
    this.text = text;
  }
}

/** Whether the server ends the session with it. */
export function endsSession(sqlState: string): boolean {
  return sqlState.startsWith('08') || /^57P0[1-5]$/.test(sqlState);
}

/** For whoever has nothing better to say about a refused statement. Other errors come back as they are. */
export function contractError(error: unknown): unknown {
  if (!(error instanceof StatementRefused)) return error;
  const { sqlState, message } = error;
  const options = { cause: error };
  if (sqlState === '42501') {
    return new OptionsRejected(
      `${message}; GRANT what is missing to the role (SELECT on the tables, USAGE on their schemas)`,
      options,
    );
  }
  return isLasting(sqlState)
    ? new OptionsRejected(message, options)
    : new SourceUnavailable(message, options);
}

/** Classes that trying again does not mend: features, data, authorization, catalog names, syntax and rights. */
function isLasting(sqlState: string): boolean {
  return ['0A', '22', '28', '3D', '42'].includes(sqlState.slice(0, 2));
}

/** Of a connection that was open. */
export function lostError(trouble: Trouble, { place }: Peer): Error {
  const lost = `the connection to ${place} was lost`;
  switch (trouble.kind) {
    case 'closed':
      return trouble.reason;
    case 'refused': {
      const { sqlState, text } = trouble.refusal;
      return new SourceUnavailable(`${lost}: ${text} (SQLSTATE ${sqlState})`);
    }
    case 'socket':
    case 'login':
      return new SourceUnavailable(`${lost} (${codeOf(trouble.error) ?? trouble.error.message})`, {
        cause: trouble.error,
      });
    case 'ended':
      return new SourceUnavailable(`${lost}: the server closed it`);
    case 'timeout':
    case 'silent':
      return new SourceUnavailable(
        `${lost}: nothing was heard of the server for ${Math.round(trouble.afterMs / 1000)} s, though it was asked`,
      );
    case 'no tls':
    case 'no password':
      return new SourceUnavailable(lost);
  }
}

/** Of a connection that did not come about. */
export function connectError(trouble: Trouble, peer: Peer): Error {
  const cannot = `cannot connect to ${peer.place} as ${peer.user}`;
  switch (trouble.kind) {
    case 'closed':
      return trouble.reason;
    case 'refused':
      return refusalError(trouble.refusal, cannot, peer);
    case 'socket':
      return socketError(trouble.error, cannot, peer);
    case 'ended':
      return new SourceUnavailable(
        `${cannot}: the connection was closed before the login was done; is it a Postgres server, and does a proxy or pooler on the way let replication through?`,
      );
    case 'no tls':
      return new OptionsRejected(
        `${cannot}: the server does not speak TLS; set \`ssl = on\` and a certificate there, or go without (\`tls: false\`, or sslmode=disable in \`url\`)`,
      );
    case 'no password':
      return new OptionsRejected(`${cannot}: the server asks for a password; set \`password\``);
    case 'login':
      return new OptionsRejected(
        `${cannot}: the login failed (${trouble.error.message}); the role needs a line in pg_hba.conf with scram-sha-256 (or md5, password, cert, trust)`,
        { cause: trouble.error },
      );
    case 'timeout':
    case 'silent':
      return new SourceUnavailable(
        `${cannot}: no answer within ${trouble.afterMs / 1000} s; check the address, the network and firewalls`,
      );
  }
}

function refusalError(refusal: Refusal, cannot: string, peer: Peer): Error {
  const { sqlState, text } = refusal;
  const said = `${cannot}: ${text} (SQLSTATE ${sqlState})`;
  const role = identifier(peer.user);
  switch (sqlState) {
    case '28P01':
      return new OptionsRejected(
        `${said}; check \`user\` and \`password\`. A new password: ALTER ROLE ${role} PASSWORD '...';`,
      );
    case '28000':
      return new OptionsRejected(`${said}; ${loginAdvice(role, peer)}`);
    case '3D000':
      return new OptionsRejected(`${said}; check the database in \`url\``);
    case '42501':
      return new OptionsRejected(`${said}; ${rightsAdvice(role, peer)}`);
    case '53300':
      return new SourceUnavailable(
        `${said}; raise max_connections${peer.isReplication ? ' or max_wal_senders' : ''}, or see who is there: SELECT application_name, count(*) FROM pg_stat_activity GROUP BY 1;`,
      );
    case '57P03':
      return new SourceUnavailable(`${said}; it is starting, stopping, or busy with recovery`);
    default:
      return isLasting(sqlState) ? new OptionsRejected(said) : new SourceUnavailable(said);
  }
}

/** 28000: no such role, a role without LOGIN, no line in pg_hba.conf, one that asks for TLS or for another certificate. */
function loginAdvice(role: string, peer: Peer): string {
  const line = `${peer.hasTls ? 'hostssl' : 'host'} ${databaseOf(peer.place)} ${peer.user} <address of this machine> scram-sha-256`;
  const tls = peer.hasTls ? '' : ', or TLS, if the server insists on it: `tls: true`';
  const certificate = peer.hasCertificate
    ? `, whose common name in \`tls.cert\` must be ${peer.user} where it says cert`
    : ', or `tls.cert` and `tls.key` where it says cert';
  return `what may be missing: the role (CREATE ROLE ${role} LOGIN REPLICATION PASSWORD '...';), its right to log in (ALTER ROLE ${role} LOGIN;), a line in pg_hba.conf (${line})${certificate}${tls}`;
}

function rightsAdvice(role: string, { isReplication, place }: Peer): string {
  const connect = `GRANT CONNECT ON DATABASE ${identifier(databaseOf(place))} TO ${role};`;
  if (!isReplication) return `what it needs: ${connect}`;
  return `what it needs: ALTER ROLE ${role} REPLICATION; (on Amazon RDS: GRANT rds_replication TO ${role};) and ${connect}`;
}

function socketError(error: Error, cannot: string, peer: Peer): Error {
  const code = codeOf(error);
  const refusal = tlsRefusal(code, peer);
  if (refusal !== undefined) return new OptionsRejected(`${cannot}: ${refusal}`, { cause: error });
  return new SourceUnavailable(`${cannot}: ${networkText(code) ?? error.message}`, { cause: error });
}

function tlsRefusal(code: string | undefined, peer: Peer): string | undefined {
  switch (code) {
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'CERT_UNTRUSTED':
    case 'CERT_SIGNATURE_FAILURE':
      return `its certificate is not signed by an authority that is trusted here (${code}); set ${peer.hasAuthorities ? 'another' : ''} \`tls.ca\`: the authority that signed it`;
    case 'CERT_HAS_EXPIRED':
      return "its certificate has expired; it must be renewed there (or is this machine's clock wrong?)";
    case 'CERT_NOT_YET_VALID':
      return "its certificate is not valid yet; is this machine's clock right?";
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'its certificate is for another host name; connect by a name that it holds, or set `tls.servername` to one';
    default:
      return handshakeRefusal(code, peer);
  }
}

/** Alerts of the other side, and certificates of ours that cannot be read. */
function handshakeRefusal(code: string | undefined, { hasCertificate }: Peer): string | undefined {
  if (code?.startsWith('ERR_OSSL_') === true)
    return `\`tls.ca\`, \`tls.cert\` or \`tls.key\` is no PEM text, or key and certificate do not belong together (${code})`;
  if (code?.startsWith('ERR_SSL_') !== true) return undefined;
  if (/ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code))
    return `it speaks no version of TLS that this process does (${code})`;
  if (!/_ALERT_/.test(code)) return `TLS failed (${code})`;
  return hasCertificate
    ? `it does not accept this client certificate (${code}); is \`tls.cert\` signed by an authority that the server trusts, and not expired?`
    : `it refuses this way of TLS (${code}); if it asks for a client certificate, set \`tls.cert\` and \`tls.key\``;
}

function networkText(code: string | undefined): string | undefined {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
      return `the name does not resolve from here (${code}); check it, and the DNS of this machine or container`;
    case 'ECONNREFUSED':
      return 'nothing listens there (connection refused); check host and port, and that the server runs';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return `there is no way to it from here (${code}); check the network and its rules`;
    case 'ETIMEDOUT':
      return 'it does not answer (timeout); check the network, firewalls, and that the address is right';
    case 'ECONNRESET':
    case 'EPIPE':
      return `the connection was cut before the login was done (${code})`;
    default:
      return undefined;
  }
}

function databaseOf(place: string): string {
  return place.slice(place.indexOf('/') + 1);
}

function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

function codeOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
