/**
 * When certificates begin, end and are replaced. Pure: times in, decisions out. Nothing here signs.
 *
 * A change of authority takes two steps, so that no peer is ever shown a certificate that it can't believe yet: first the
 * next authority is believed beside the present one, and only after everybody has had time to hear of it does it sign.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyedCertificate, Validity } from './certificates.ts';

export interface Lifetimes {
  readonly authorityMs: number;
  readonly certificateMs: number;
  /** A certificate is replaced when less than this is left of it. */
  readonly renewalMs: number;
  /** A next authority is made when less than this is left of the present one. */
  readonly successionMs: number;
  /** From being believed to signing: well above what a Secret takes to reach every pod. */
  readonly announcementMs: number;
}

const DAY_MS = 86_400_000;
/** What a Secret takes to reach every pod is a minute or two; where certificates are short there is less time for it. */
const SHORTEST_ANNOUNCEMENT_MS = 600_000;
/** Renewal leaves ten days in which the operator may be gone. */
export const CERTIFICATE_MS = 30 * DAY_MS;

/** All of them in proportion to that of a pod's certificate. */
export function lifetimesOf(certificateMs: number): Lifetimes {
  return {
    certificateMs,
    authorityMs: 6 * certificateMs,
    renewalMs: certificateMs / 3,
    successionMs: 2 * certificateMs,
    announcementMs: Math.max(certificateMs / 30, Math.min(certificateMs, SHORTEST_ANNOUNCEMENT_MS)),
  };
}

export const LIFETIMES: Lifetimes = lifetimesOf(CERTIFICATE_MS);
/** Clocks differ, by an hour where one is in the wrong time zone: by so much certificates begin before they are made. */
export const SKEW_MS = 7_200_000;

export interface Authorities {
  /** Signs. */
  readonly current: KeyedCertificate;
  /** Is believed, and signs later. */
  readonly next: KeyedCertificate | null;
  /** Is still believed, until it ends. */
  readonly previous: { readonly certificate: string } | null;
}

/**
 * - `found`: there is no authority of use; a first one is made.
 * - `announce`: a next authority is made, to be believed.
 * - `succeed`: the next authority becomes the present one.
 * - `keep`: nothing changes.
 */
export type AuthorityStep = 'found' | 'announce' | 'succeed' | 'keep';

/** Null where the text is no certificate. */
export function validityOf(certificate: string): Validity | null {
  try {
    const { validFromDate, validToDate } = new X509Certificate(certificate);
    return { notBefore: validFromDate, notAfter: validToDate };
  } catch {
    return null;
  }
}

/** Whether both can be read, and belong together. */
export function isPair({ certificate, key }: KeyedCertificate): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

export function planAuthority(authorities: Authorities | null, nowMs: number, lifetimes: Lifetimes): AuthorityStep {
  const current =
    authorities !== null && isPair(authorities.current) ? validityOf(authorities.current.certificate) : null;
  if (authorities === null || current === null || current.notAfter.getTime() <= nowMs) return 'found';
  if (authorities.next !== null) return signsFromMs(authorities.next, lifetimes) <= nowMs ? 'succeed' : 'keep';
  return current.notAfter.getTime() - lifetimes.successionMs <= nowMs ? 'announce' : 'keep';
}

function signsFromMs(next: KeyedCertificate, { announcementMs }: Lifetimes): number {
  const validity = validityOf(next.certificate);
  // One that can't be read is of no use as a successor: it is replaced when it should have signed.
  return validity === null ? 0 : validity.notBefore.getTime() + SKEW_MS + announcementMs;
}

/**
 * Whether a certificate must be replaced: unreadable or without its key, near its end or too far from it, of another
 * authority, under other names.
 */
export function isDue(
  holder: KeyedCertificate & { readonly uri: string; readonly dnsNames: readonly string[] },
  authority: KeyedCertificate,
  o: { readonly nowMs: number; readonly lifetimes: Lifetimes },
): boolean {
  try {
    const certificate = new X509Certificate(holder.certificate);
    const names = [...holder.dnsNames.map((name) => `DNS:${name}`), `URI:${holder.uri}`];
    const leftMs = certificate.validToDate.getTime() - o.nowMs;
    return (
      leftMs <= renewalMs(certificate, o.lifetimes) ||
      // It was made when they lasted longer.
      leftMs > o.lifetimes.certificateMs + SKEW_MS ||
      !isPair(holder) ||
      !certificate.verify(new X509Certificate(authority.certificate).publicKey) ||
      certificate.subjectAltName !== names.join(', ')
    );
  } catch {
    return true;
  }
}

/** Of a certificate that had to be short, since its authority ends, a third is enough. */
function renewalMs({ validFromDate, validToDate }: X509Certificate, lifetimes: Lifetimes): number {
  const lifeMs = validToDate.getTime() - validFromDate.getTime() - SKEW_MS;
  return Math.min(lifetimes.renewalMs, Math.max(lifeMs, 0) / 3);
}

export function authorityValidity(nowMs: number, { authorityMs }: Lifetimes): Validity {
  return { notBefore: new Date(nowMs - SKEW_MS), notAfter: new Date(nowMs + authorityMs) };
}

/** Never beyond the end of the authority. */
export function certificateValidity(
  nowMs: number,
  authority: KeyedCertificate,
  { certificateMs }: Lifetimes,
): Validity {
  const authorityEndMs = validityOf(authority.certificate)?.notAfter.getTime() ?? Number.POSITIVE_INFINITY;
  return {
    notBefore: new Date(nowMs - SKEW_MS),
    notAfter: new Date(Math.min(nowMs + certificateMs, authorityEndMs)),
  };
}

/** When to look again: the next time at which any decision above may be another one. */
export function nextLookMs(authorities: Authorities, certificates: readonly string[], lifetimes: Lifetimes): number {
  const { current, next } = authorities;
  const authorityMs =
    next === null
      ? (validityOf(current.certificate)?.notAfter.getTime() ?? 0) - lifetimes.successionMs
      : signsFromMs(next, lifetimes);
  const renewals = certificates.map((pem) => {
    const certificate = new X509Certificate(pem);
    return certificate.validToDate.getTime() - renewalMs(certificate, lifetimes);
  });
  return Math.min(authorityMs, ...renewals);
}
