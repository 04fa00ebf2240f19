// What must be so where the operator is installed: it answers, one of its processes leads, its account may read jobs. Each
// check waits until it holds, and says otherwise what to do. It refuses to know how it was installed.

import { type Clock, systemClock } from '../cluster/clock.ts';
import type { Cluster, ObjectName } from '../cluster/cluster.ts';
import { LEASES } from '../cluster/lease.ts';
import { sleep } from '../cluster/list-watch.ts';
import { PPO_JOBS } from '../reconcile/ppojob-kind.ts';

export interface Installation {
  /** With the rights of the operator's account. */
  readonly cluster: Pick<Cluster, 'get' | 'list'>;
  /** HTTP status of an address of the operator. Rejects where nobody answers. */
  readonly statusOf: (path: string) => Promise<number>;
  readonly lease: ObjectName;
  /** Whose jobs are run; absent: those of all namespaces. */
  readonly namespaces?: readonly string[];
}

export interface CheckResult {
  readonly title: string;
  /** Null: it holds. */
  readonly problem: string | null;
  readonly remedy: string;
}

export interface CheckOptions {
  readonly deadlineMs: number;
  readonly clock?: Clock;
  readonly onResult?: (result: CheckResult) => void;
}

interface Check {
  readonly title: string;
  readonly remedy: string;
  /** Null: it holds. May throw instead of saying what is wrong. */
  readonly look: () => Promise<string | null>;
}

const RETRY_MS = 1000;

/** All checks, one after the other, whatever becomes of the others. */
export async function checkInstallation(installation: Installation, options: CheckOptions): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checksOf(installation)) {
    const result = { title: check.title, remedy: check.remedy, problem: await untilFine(check, options) };
    options.onResult?.(result);
    results.push(result);
  }
  return results;
}

function checksOf(installation: Installation): Check[] {
  const { cluster, statusOf, lease, namespaces } = installation;
  const scope = namespaces?.map((name) => `the namespace ${name}`).join(' and ') ?? 'all namespaces';
  const leaseTitle = `${lease.namespace}/${lease.name}`;
  return [
    {
      title: `PPOJobs of ${scope} can be read with the operator's account`,
      remedy: 'install the CRD (crds.install), and the role (rbac.create) that the account is bound to',
      look: async () => {
        const scopes = namespaces?.map((namespace) => ({ namespace })) ?? [{}];
        await Promise.all(scopes.map((one) => cluster.list(PPO_JOBS, one)));
        return null;
      },
    },
    {
      title: 'the operator is ready',
      remedy: 'look at its pods: kubectl describe, kubectl logs',
      look: async () => {
        const status = await statusOf('/readyz');
        return status === 200 ? null : `/readyz answers with ${status}`;
      },
    },
    {
      title: `an operator leads and renews the Lease ${leaseTitle}`,
      remedy: "look at the operator's log for what keeps it from the Lease: rights, or the way to the API server",
      look: renewalOf(cluster, lease),
    },
  ];
}

/** A lease that nobody renews says nothing, whatever its times say: clocks differ. */
function renewalOf(cluster: Installation['cluster'], name: ObjectName): Check['look'] {
  let first: string | null = null;
  return async () => {
    const { spec } = await cluster.get(LEASES, name);
    if (!spec?.holderIdentity) return 'nobody holds it';
    const state = `${spec.holderIdentity} ${spec.renewTime}`;
    first ??= state;
    return state === first ? `${spec.holderIdentity} has not renewed it since ${spec.renewTime}` : null;
  };
}

async function untilFine({ look }: Check, { deadlineMs, clock = systemClock }: CheckOptions): Promise<string | null> {
  const endMs = clock.monotonicMs() + deadlineMs;
  for (;;) {
    const problem = await look().catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    if (problem === null || clock.monotonicMs() >= endMs) return problem;
    await sleep(RETRY_MS, { clock, signal: new AbortController().signal });
  }
}
