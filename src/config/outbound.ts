// Finds addresses in the configuration that no request will be let through to: those that stand there as addresses. What a name
// means is known only when it is resolved.

import { isIP } from 'node:net';
import { AddressPolicy } from '../outbound/address-policy.js';
import { addressRefused } from '../outbound/address-refused.js';
import type { AuthConfig, OutboundConfig, SourceConfig } from './config.js';
import type { KeyPath } from './document.js';
import type { Problem } from './finding.js';
import { isUnknown, type Interpolated } from './interpolation.js';

/** As far as they were read without a mistake. */
export interface Askers {
  readonly auth: AuthConfig | undefined;
  readonly sources: readonly { readonly path: KeyPath; readonly source: SourceConfig | undefined }[];
}

/** Of the signing keys and of the schema registries. What a connector's own URL leads to, the connector says. */
export function outboundProblems(
  { allow }: OutboundConfig,
  { auth, sources }: Askers,
  interpolated: Interpolated,
): Problem[] {
  if (isUnknown(interpolated, ['outbound'])) return [];
  const policy = new AddressPolicy(allow);
  const key = auth?.kind === 'jwt' ? auth.jwt.key : undefined;
  const urls: { readonly path: KeyPath; readonly url: string | undefined }[] = [
    { path: ['auth', 'jwt', 'jwksUrl'], url: key?.kind === 'jwks' ? key.url : undefined },
    ...sources.map(({ path, source }) => ({
      path: [...path, 'schemaRegistry', 'url'],
      url: source?.schemaRegistry?.url,
    })),
  ];
  return urls.flatMap(({ path, url }) => {
    if (url === undefined || isUnknown(interpolated, path)) return [];
    const message = refusalText(url, policy);
    return message === undefined ? [] : [{ severity: 'error', code: 'outbound-refused', path, message }];
  });
}

function refusalText(url: string, policy: AddressPolicy): string | undefined {
  const address = URL.canParse(url) ? addressIn(new URL(url)) : undefined;
  const refusal = address === undefined ? undefined : policy.refusalOf(address);
  return address && refusal && addressRefused(address, [refusal]).message;
}

/** undefined: a name. */
function addressIn({ hostname }: URL): string | undefined {
  const host = hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? undefined : host;
}
