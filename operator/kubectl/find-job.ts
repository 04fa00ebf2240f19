/** A PPOJob by its name, with what belongs to it; where there is none, a sentence that helps. Changes nothing. */
import { LABELS } from '../api/names.ts';
import { nearest } from '../api/suggest.ts';
import { EVENTS, PODS } from '../cluster/cluster.ts';
import { ClusterError, ForbiddenError, NotFoundError } from '../cluster/errors.ts';
import type { Event, Pod, Stored } from '../cluster/objects.ts';
import { PPO_JOBS, type PPOJobObject } from '../reconcile/ppojob-kind.ts';
import { type Session, UserError } from './session.ts';

const MAX_NAMES = 10;

type Place = Pick<Session, 'cluster' | 'namespace'>;

/** Throws a UserError where there is no such job. */
export async function findJob({ cluster, namespace }: Place, name: string): Promise<Stored<PPOJobObject>> {
  try {
    return await cluster.get(PPO_JOBS, { namespace, name });
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new UserError(describeMissing(name, namespace, await listNames({ cluster, namespace })), { cause: error });
  }
}

/** Throws a UserError where the cluster doesn't know the kind. */
export async function listJobs({ cluster, namespace }: Omit<Place, 'namespace'> & { namespace: string | null }) {
  try {
    return (await cluster.list(PPO_JOBS, namespace === null ? {} : { namespace })).items;
  } catch (error) {
    if (error instanceof NotFoundError) throw new UserError(NO_CRD, { cause: error });
    throw error;
  }
}

export async function listJobPods({ cluster, namespace }: Place, job: string): Promise<readonly Stored<Pod>[]> {
  return (await cluster.list(PODS, { namespace, labels: { [LABELS.job]: job } })).items;
}

/** Of the namespace, with these fields; whoever may not read events reads the rest. */
export async function listEvents(
  { cluster, namespace, output }: Session,
  fields: Readonly<Record<string, string>> = {},
): Promise<readonly Stored<Event>[]> {
  try {
    return (await cluster.list(EVENTS, { namespace, fields })).items;
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    output.note(`events can't be read: ${error.message}`);
    return [];
  }
}

const NO_CRD =
  'this cluster does not know PPOJobs: install ppo-operator (charts/ppo-operator), or choose another cluster with --context';

/** Null for who may not list jobs. */
async function listNames(place: Place): Promise<string[] | null> {
  try {
    return (await listJobs(place)).map(({ metadata }) => metadata.name);
  } catch (error) {
    if (error instanceof ForbiddenError) return null;
    throw error;
  }
}

function describeMissing(name: string, namespace: string, names: readonly string[] | null): string {
  const start = `there is no PPOJob "${name}" in namespace ${namespace}`;
  if (names === null) return start;
  if (names.length === 0) return `${start}, nor any other; --namespace chooses another one`;
  const near = nearest(name, names);
  if (near !== undefined) return `${start}; did you mean ${near}?`;
  const more = names.length > MAX_NAMES ? ', ...' : '';
  return `${start}; there are: ${names.slice(0, MAX_NAMES).join(', ')}${more}`;
}
