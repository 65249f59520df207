// The header Retry-After (RFC 9110, 10.2.3) as a time to wait: seconds, or a date in one of the three forms of HTTP.

import type { IncomingHttpHeaders } from 'node:http';

const DATE_FORMS = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/**
 * ms, 0 or more, however many; undefined: the header is missing or makes no sense. A date counts from the date of the answer, so
 * that the clocks of the two machines need not agree; from `now` (ms since 1970) where the answer has none.
 */
export function retryAfterMs(headers: IncomingHttpHeaders, now: number): number | undefined {
  const written = headers['retry-after']?.trim();
  if (written === undefined) return undefined;
  if (/^\d+$/.test(written)) return Math.min(Number(written) * 1000, Number.MAX_SAFE_INTEGER);
  const until = httpDate(written);
  if (until === undefined) return undefined;
  return Math.max(0, until - (httpDate(headers.date ?? '') ?? now));
}

/** ms since 1970. */
function httpDate(written: string): number | undefined {
  if (!DATE_FORMS.some((form) => form.test(written))) return undefined;
  const at = Date.parse(written.endsWith(' GMT') ? written : `${written} GMT`);
  return Number.isNaN(at) ? undefined : at;
}
