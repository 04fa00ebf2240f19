// Which requests the page answers at all, and the headers under which it does. Pure. It refuses a request that came in under
// another machine's name: a web site whose name is made to point at this machine could read the page otherwise (DNS
// rebinding); and everything that isn't a plain read.

import type { IncomingHttpHeaders } from 'node:http';

/** Nothing but what this server itself hands out; nobody may show it in a frame. */
const POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
].join('; ');

export const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // Kept, but asked about each time.
  'cache-control': 'no-cache',
};

/** Any port: kubectl port-forward may have been given another one. */
const LOOPBACK_NAME = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Null: to be answered. */
export function refuse(method: string | undefined, headers: IncomingHttpHeaders): Refusal | null {
  if (headers.host === undefined || !LOOPBACK_NAME.test(headers.host)) {
    return { status: 421, message: 'ask for this page under localhost or a loopback address' };
  }
  if (method !== 'GET' && method !== 'HEAD') {
    return { status: 405, message: 'this page can only be read', headers: { allow: 'GET, HEAD' } };
  }
  // A browser says so where another site asks; a link may lead here, and then it navigates.
  const isForeign = headers['sec-fetch-site'] === 'cross-site' || headers['sec-fetch-site'] === 'same-site';
  if (isForeign && headers['sec-fetch-mode'] !== 'navigate') {
    return { status: 403, message: 'other sites may not ask for this page' };
  }
  return null;
}
