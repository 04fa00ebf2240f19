// What protects a job's pods: the Secrets of its mutual TLS, kept in force, and its NetworkPolicy as it stands. It refuses
// to know certificates, and what the policy says.

import { FIELD_MANAGER } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';
import { type Cluster, NETWORK_POLICIES, SECRETS } from '../cluster/cluster.ts';
import { AlreadyExistsError, ConflictError } from '../cluster/errors.ts';
import type { NetworkPolicy, Secret, Stored } from '../cluster/objects.ts';
import type { Platform } from '../plan/platform.ts';
import { usesTls } from '../plan/tls.ts';
import { type JobCertificates, renewCertificates } from '../security/job-certificates.ts';
import { CERTIFICATE_MS, type Lifetimes, lifetimesOf } from '../security/rotation.ts';
import { isControlledBy } from './observe.ts';
import { listChildren, type PlacementSource } from './placement.ts';
import { nameTaken } from './refusals.ts';

/** A job's mutual TLS, in force. */
type TlsInForce = Pick<JobCertificates, 'operator' | 'renewAtMs'>;

export interface KeptCertificates {
  /** Null where the job has none, or what is needed could not be written. */
  readonly inForce: TlsInForce | null;
  /** No pod may be made: it would wait for files, or find those of another authority. */
  readonly error: Error | null;
}

const NONE: KeptCertificates = { inForce: null, error: null };

/** Time until certificates are due; null where there are none. */
export function renewalLeftMs({ inForce }: KeptCertificates, nowMs: number): number | null {
  return inForce === null ? null : Math.max(inForce.renewAtMs - nowMs, 0);
}

export async function observeNetworkPolicies(
  source: PlacementSource,
  job: PPOJob,
  platform: Platform,
): Promise<Stored<NetworkPolicy>[]> {
  // On one machine nobody else asks for any, and none is left over from another mode.
  const mayHaveSome = platform.kind === 'Cluster' || job.spec.security.networkPolicy.mode === 'Enabled';
  return mayHaveSome ? listChildren(source, NETWORK_POLICIES, job) : [];
}

export interface KeepInput {
  readonly job: PPOJob;
  readonly nowMs: number;
  /** Whether the job has, or is to have, pods. */
  readonly isAlive: boolean;
}

/** Keeps the certificates of many jobs. What it remembers it could read again: it only spares reading. */
export class CertificateKeeper {
  readonly #source: PlacementSource;
  readonly #platform: Platform;
  readonly #lifetimes: Lifetimes;
  readonly #known = new Map<string, { readonly versions: string; readonly inForce: TlsInForce }>();

  constructor(source: PlacementSource, platform: Platform) {
    this.#source = source;
    this.#platform = platform;
    this.#lifetimes = lifetimesOf(platform.certificateMs ?? CERTIFICATE_MS);
  }

  /** Makes and renews what is due. Throws ConflictError where somebody has just done so: to be tried again. */
  async keep(key: string, { job, nowMs, isAlive }: KeepInput): Promise<KeptCertificates> {
    if (!isAlive || !usesTls(job, this.#platform)) return NONE;
    const secrets = await listChildren(this.#source, SECRETS, job);
    const versions = versionsOf(secrets);
    const known = this.#known.get(key);
    if (known?.versions === versions && nowMs < known.inForce.renewAtMs) return { inForce: known.inForce, error: null };
    const { changed, operator, renewAtMs } = renewCertificates({
      job,
      secrets,
      nowMs,
      lifetimes: this.#lifetimes,
    });
    const written = new Map(secrets.map((secret) => [secret.metadata.name, secret]));
    for (const secret of changed) {
      const result = await write(this.#source.cluster, secret, secrets);
      if (result instanceof Error) return { inForce: null, error: result };
      written.set(result.metadata.name, result);
    }
    const inForce = { operator, renewAtMs };
    this.#known.set(key, { versions: versionsOf([...written.values()]), inForce });
    return { inForce, error: null };
  }

  forget(key: string): void {
    this.#known.delete(key);
  }
}

function versionsOf(secrets: readonly Stored<Secret>[]): string {
  const versions = secrets.map(({ metadata: { name, uid, resourceVersion } }) => `${name} ${uid} ${resourceVersion}`);
  return versions.sort().join();
}

/** Never over what it doesn't know: an authority that is replaced by mistake cuts off every pod. */
async function write(
  cluster: Cluster,
  secret: Secret,
  known: readonly Stored<Secret>[],
): Promise<Stored<Secret> | Error> {
  const { name } = secret.metadata;
  const existing = known.find(({ metadata }) => metadata.name === name);
  const options = { fieldManager: FIELD_MANAGER };
  try {
    if (existing === undefined) return await cluster.create(SECRETS, secret, options);
    return await cluster.update(SECRETS, { ...existing, data: secret.data ?? {} }, options);
  } catch (error) {
    if (error instanceof ConflictError) throw error;
    const cause = error instanceof AlreadyExistsError ? await foreignSecret(cluster, secret) : error;
    return new Error(`write Secret ${name}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** Throws ConflictError where the Secret is the job's own: the cache was behind. */
async function foreignSecret(cluster: Cluster, secret: Secret): Promise<Error> {
  const { metadata } = secret;
  const stored = await cluster.get(SECRETS, metadata);
  const owner = metadata.ownerReferences?.[0]?.uid ?? '';
  if (isControlledBy(stored, owner)) throw new ConflictError(`Secret ${metadata.name} has just been made`);
  return nameTaken(stored, secret);
}
