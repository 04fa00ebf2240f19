/**
 * What each reason means, and what a person can do about it. `{job}`, `{pod}`, `{role}` and `{namespace}` are replaced.
 * The one place for these words; knows no state of a job.
 */
import { LABELS, REASONS, type Reason } from '../../api/names.ts';

export interface Remedy {
  readonly means: string;
  /** What to try, the likeliest first; empty where nothing is wrong. */
  readonly remedies: readonly string[];
}

const READ_LOGS = 'read what it wrote: kubectl ppo logs {job} -n {namespace} --role {role}';
const RAISE_ROLE =
  'if such failures are to be expected, raise spec.roles.{role}.maxRestarts: it may change while a job runs';
const NEW_JOB = 'a job that has failed stays failed: fix the manifest, delete the job, and apply it again';
const RESTARTS = 'nothing, if it was for once: the job goes on by itself';

export const REMEDIES: Readonly<Record<Reason, Remedy>> = {
  [REASONS.valid]: { means: 'The manifest passed every check.', remedies: [] },
  [REASONS.invalid]: {
    means:
      'The manifest breaks rules that only the operator checks, so nothing is started for it, and pods that run are left alone.',
    remedies: [
      'fix each field that is named above and apply the manifest again',
      'where a field may not change while pods run: kubectl ppo suspend {job} -n {namespace}, fix it, and resume',
      'if it was understood before the operator was upgraded, bring the earlier operator back',
      'kubectl explain ppojob.spec --recursive says what each field takes',
    ],
  },
  [REASONS.podsCreated]: { means: 'Every pod of the job exists and has a node.', remedies: [] },
  [REASONS.podsMissing]: {
    means: 'Some pods of the job do not exist yet.',
    remedies: [
      'see what the API server refuses: the events ApplyFailed in kubectl describe ppojob {job} -n {namespace}',
      'see whether a quota stops them: kubectl describe resourcequota -n {namespace}',
    ],
  },
  [REASONS.podsWaiting]: {
    means:
      'Every pod of the job exists, and at least one has no place yet: no node has room, or a gate or a queue holds it.',
    remedies: [
      `see which ones, and why: kubectl get pods -n {namespace} -l ${LABELS.job}={job}; kubectl describe pod NAME`,
    ],
  },
  [REASONS.podsReady]: { means: 'Every pod is ready, and the coordinator trains.', remedies: [] },
  [REASONS.podsNotReady]: {
    means: 'Some pods have started and are not ready yet: they load models, or find each other.',
    remedies: ['give large models their time', 'read what they write: kubectl ppo logs {job} -n {namespace}'],
  },
  [REASONS.podsStopping]: {
    means: 'spec.suspend is true, and pods of the job are still stopping.',
    remedies: [
      'give them spec.terminationGracePeriodSeconds; after 5 minutes more, the pods of a lost node are removed by force',
    ],
  },
  [REASONS.suspended]: {
    means: 'spec.suspend is true: the pods are gone, the checkpoints stay.',
    remedies: ['go on from the last checkpoint: kubectl ppo resume {job} -n {namespace}'],
  },
  [REASONS.resumed]: { means: 'The job was suspended and goes on.', remedies: [] },
  [REASONS.finished]: { means: 'The job has done all its iterations.', remedies: [] },
  [REASONS.podRestarted]: { means: 'A pod failed and was replaced by a new one.', remedies: [RESTARTS, READ_LOGS] },
  [REASONS.roleRestarted]: {
    means: 'A rank failed and all ranks of its role were replaced: they train together, from the last checkpoint.',
    remedies: [RESTARTS, READ_LOGS, 'with spec.checkpoint.everyIterations smaller, less is done again'],
  },
  [REASONS.jobRestarted]: {
    means: 'A pod failed and a rule of the failure policy replaced all pods of the job.',
    remedies: [RESTARTS, READ_LOGS, 'with spec.checkpoint.everyIterations smaller, less is done again'],
  },
  [REASONS.podAbandoned]: {
    means: 'A pod was removed by force: its node did not say for long that the pod had stopped, so it seems lost.',
    remedies: [
      'see whether the node is well: kubectl get nodes',
      'remove a node that will not come back: kubectl delete node NAME; its pods are replaced at once',
    ],
  },
  [REASONS.restartLimitReached]: {
    means: 'Pods of one role failed more often than its maxRestarts allows, so the job was given up.',
    remedies: [READ_LOGS, RAISE_ROLE, NEW_JOB],
  },
  [REASONS.backoffLimitExceeded]: {
    means: 'Pods of all roles together failed more often than spec.backoffLimit allows, so the job was given up.',
    remedies: [READ_LOGS, 'if such failures are to be expected, raise spec.backoffLimit', NEW_JOB],
  },
  [REASONS.failurePolicy]: {
    means: 'A rule of spec.failurePolicy says FailJob for such a failure.',
    remedies: [READ_LOGS, 'if the rule is too strict, change spec.failurePolicy.rules', NEW_JOB],
  },
  [REASONS.hopelessConfiguration]: {
    means: 'A worker found its configuration, model or data unusable. Another start would find the same.',
    remedies: [
      'fix what its last words name: usually a path that is not in the pod, or a model or data in another format',
      'see what the pods see: spec.podTemplate mounts volumes; relative paths count from /workspace',
      NEW_JOB,
    ],
  },
  [REASONS.commandNotRunnable]: {
    means: 'The command is not in the image of the container, or can not be run there.',
    remedies: [
      "use the operator's own image in spec.image, or one built on it",
      'see that the image is for the CPU of the node (amd64, arm64)',
      NEW_JOB,
    ],
  },
  [REASONS.imageUnavailable]: {
    means: 'The image of a container could not be pulled for longer than spec.failurePolicy.unstartableSeconds.',
    remedies: [
      'check the name and tag in spec.image, or in a podTemplate',
      'for a private registry, name a Secret in spec.podTemplate.imagePullSecrets',
      'see what the registry says: kubectl describe pod {pod} -n {namespace}',
      NEW_JOB,
    ],
  },
  [REASONS.configurationMissing]: {
    means: 'A container needs a Secret or ConfigMap, or a key of one, that is not there.',
    remedies: [
      'create what is named above in namespace {namespace}, or take it out of the podTemplate',
      'for a slow creator of Secrets, raise spec.failurePolicy.unstartableSeconds',
      NEW_JOB,
    ],
  },
  [REASONS.unschedulable]: {
    means: 'No node has had room for a pod for longer than spec.failurePolicy.unschedulableSeconds.',
    remedies: [
      'compare what spec.roles.{role}.resources asks for with what nodes have: kubectl describe nodes',
      'see whether a nodeSelector, affinity or missing toleration of the podTemplate leaves no node',
      'with a cluster that grows by itself, raise spec.failurePolicy.unschedulableSeconds',
      NEW_JOB,
    ],
  },
  [REASONS.volumesUnavailable]: {
    means:
      "The node of a pod could not set up its volumes, or its network, and so started none of the pod's containers.",
    remedies: [
      'see what the node says: kubectl describe pod {pod} -n {namespace}',
      'create the Secret, ConfigMap or volume claim that a volume of the podTemplate names, or take it out',
      'where volumes take so long, raise spec.failurePolicy.unschedulableSeconds',
      NEW_JOB,
    ],
  },
  [REASONS.deadlineExceeded]: {
    means: 'The job has run for longer than spec.activeDeadlineSeconds.',
    remedies: [
      'raise or leave out spec.activeDeadlineSeconds; it may change while a job runs',
      'see where the time goes: kubectl ppo logs {job} -n {namespace} --role coordinator',
      NEW_JOB,
    ],
  },
  [REASONS.applyFailed]: {
    means: 'An object of the job could not be made; the operator tries again and again.',
    remedies: [
      'there is one already: it is of somebody else; remove it, or give the job another name',
      'a quota: kubectl describe resourcequota -n {namespace}; a policy: its own words are above',
      'a missing right of the operator: see the chart, rbac, and the log of the operator',
    ],
  },
};

export interface RemedyContext {
  readonly job: string;
  readonly namespace: string;
  /** Null where no pod is known. */
  readonly pod: string | null;
  readonly role: string | null;
}

/** Null for a reason of another operator's version. */
export function remedyFor(reason: string, context: RemedyContext): Remedy | null {
  const remedy = (REMEDIES as Readonly<Record<string, Remedy | undefined>>)[reason];
  if (remedy === undefined) return null;
  return { means: remedy.means, remedies: remedy.remedies.map((text) => fill(text, context)) };
}

/** Without a role, the flag that names it is left out. */
export function fill(text: string, { job, namespace, pod, role }: RemedyContext): string {
  return text
    .replaceAll('{job}', job)
    .replaceAll('{namespace}', namespace)
    .replace(/ --role \{role\}/, role === null ? '' : ` --role ${role}`)
    .replaceAll('{role}', role ?? 'ROLE')
    .replaceAll('{pod}', pod ?? 'NAME');
}
