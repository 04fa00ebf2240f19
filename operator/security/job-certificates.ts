/**
 * The two Secrets of a job's mutual TLS: its authority, which only the operator reads, and the certificates that its pods
 * mount. Given what is there it makes what is missing or due, and says when to look again. Writes nothing to a cluster.
 */
import { TLS_SECRET_KEYS } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';
import type { Secret } from '../cluster/objects.ts';
import { authoritySecretName, certificatesSecretName, childMeta } from '../plan/children.ts';
import { HOLDERS, type Holder, identityOf, secretKeysOf } from '../plan/tls.ts';
import { issueAuthority, type KeyedCertificate, Signer } from './certificates.ts';
import {
  type Authorities,
  authorityValidity,
  certificateValidity,
  isDue,
  isPair,
  LIFETIMES,
  type Lifetimes,
  nextLookMs,
  planAuthority,
  validityOf,
} from './rotation.ts';

export interface CertificatesInput {
  readonly job: PPOJob;
  /** The job's Secrets as they stand. */
  readonly secrets: readonly Secret[];
  readonly nowMs: number;
  readonly lifetimes?: Lifetimes;
}

export interface JobCertificates {
  /** To be written, the authority first: certificates of one that was lost would be believed by nobody. Empty: all is well. */
  readonly changed: readonly Secret[];
  /** As which the operator calls the job's pods. All PEM. */
  readonly operator: { readonly ca: string; readonly certificate: string; readonly key: string };
  readonly renewAtMs: number;
}

type Files = Readonly<Record<string, string>>;

/** Keys of the authority's Secret. */
const AUTHORITY_KEYS = {
  current: { certificate: 'current.crt', key: 'current.key' },
  next: { certificate: 'next.crt', key: 'next.key' },
  previous: 'previous.crt',
} as const;

export function renewCertificates(input: CertificatesInput): JobCertificates {
  const { job, nowMs, lifetimes = LIFETIMES } = input;
  const { name } = job.metadata;
  const storedAuthority = filesOf(input.secrets, authoritySecretName(name));
  const stored = filesOf(input.secrets, certificatesSecretName(name));
  const before = readAuthorities(storedAuthority);
  const authorities = stepAuthorities(before, { job, nowMs, lifetimes });
  const files = renewFiles(stored, authorities, { job, nowMs, lifetimes });
  const operator = secretKeysOf('operator');
  return {
    changed: [
      ...changedSecret(job, authoritySecretName(name), { before: storedAuthority, after: authorityFiles(authorities) }),
      ...changedSecret(job, certificatesSecretName(name), { before: stored, after: files }),
    ],
    operator: {
      ca: files[TLS_SECRET_KEYS.ca]!,
      certificate: files[operator.certificate]!,
      key: files[operator.key]!,
    },
    renewAtMs: nextLookMs(
      authorities,
      HOLDERS.map((holder) => files[secretKeysOf(holder).certificate]!),
      lifetimes,
    ),
  };
}

interface Situation {
  readonly job: PPOJob;
  readonly nowMs: number;
  readonly lifetimes: Lifetimes;
}

function stepAuthorities(authorities: Authorities | null, situation: Situation): Authorities {
  const { job, nowMs, lifetimes } = situation;
  const make = (): KeyedCertificate =>
    issueAuthority({ commonName: `PPOJob ${job.metadata.name}`, ...authorityValidity(nowMs, lifetimes) });
  const step = planAuthority(authorities, nowMs, lifetimes);
  if (authorities === null || step === 'found') return { current: make(), next: null, previous: null };
  const { current, next, previous } = authorities;
  if (step === 'announce') return { current, next: make(), previous: null };
  if (step === 'keep' || next === null) return { current, next, previous: isOver(previous, nowMs) ? null : previous };
  // A successor that was damaged meanwhile is made anew, and announced anew.
  if (!isPair(next)) return { current, next: make(), previous };
  return { current: next, next: null, previous: { certificate: current.certificate } };
}

function isOver(authority: { readonly certificate: string } | null, nowMs: number): boolean {
  const validity = authority === null ? null : validityOf(authority.certificate);
  return validity === null || validity.notAfter.getTime() <= nowMs;
}

/** The files of the pods' Secret: what is due is made anew, everything else stays as it is. */
function renewFiles(stored: Files, authorities: Authorities, situation: Situation): Files {
  const { job, nowMs, lifetimes } = situation;
  const { current, next, previous } = authorities;
  const believed = [current, next, previous].flatMap((authority) =>
    authority === null ? [] : [authority.certificate],
  );
  let signer: Signer | null = null;
  const renew = (holder: Holder): Files => {
    const keys = secretKeysOf(holder);
    const identity = identityOf(job, holder);
    const [certificate, key] = [stored[keys.certificate], stored[keys.key]];
    if (certificate !== undefined && key !== undefined) {
      if (!isDue({ certificate, key, ...identity }, current, { nowMs, lifetimes })) {
        return { [keys.certificate]: certificate, [keys.key]: key };
      }
    }
    const validity = certificateValidity(nowMs, current, lifetimes);
    signer ??= new Signer(current);
    const issued = signer.issue({ commonName: holder, ...identity, ...validity });
    return { [keys.certificate]: issued.certificate, [keys.key]: issued.key };
  };
  const files = HOLDERS.map(renew);
  return Object.assign({ [TLS_SECRET_KEYS.ca]: `${believed.join('\n')}\n` }, ...files);
}

function readAuthorities(files: Files): Authorities | null {
  const pair = ({ certificate, key }: { certificate: string; key: string }): KeyedCertificate | null => {
    const [one, other] = [files[certificate], files[key]];
    return one === undefined || other === undefined ? null : { certificate: one, key: other };
  };
  const current = pair(AUTHORITY_KEYS.current);
  if (current === null) return null;
  const previous = files[AUTHORITY_KEYS.previous];
  return {
    current,
    next: pair(AUTHORITY_KEYS.next),
    previous: previous === undefined ? null : { certificate: previous },
  };
}

function authorityFiles({ current, next, previous }: Authorities): Files {
  return {
    [AUTHORITY_KEYS.current.certificate]: current.certificate,
    [AUTHORITY_KEYS.current.key]: current.key,
    ...(next && { [AUTHORITY_KEYS.next.certificate]: next.certificate, [AUTHORITY_KEYS.next.key]: next.key }),
    ...(previous && { [AUTHORITY_KEYS.previous]: previous.certificate }),
  };
}

function filesOf(secrets: readonly Secret[], name: string): Files {
  const data = secrets.find(({ metadata }) => metadata.name === name)?.data ?? {};
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]));
}

function changedSecret(job: PPOJob, name: string, o: { readonly before: Files; readonly after: Files }): Secret[] {
  const keys = Object.keys(o.after);
  const isSame = keys.length === Object.keys(o.before).length && keys.every((key) => o.before[key] === o.after[key]);
  if (isSame) return [];
  const data = Object.fromEntries(keys.map((key) => [key, Buffer.from(o.after[key]!).toString('base64')]));
  return [{ apiVersion: 'v1', kind: 'Secret', metadata: childMeta(job, name), type: 'Opaque', data }];
}
