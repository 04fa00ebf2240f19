/**
 * Every name that the operator and its pods agree on: API group, labels, condition types, reasons, ports, mounts. The
 * group string occurs in no other file. Knows no behaviour.
 */
export const GROUP = 'rlhf.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const KIND = 'PPOJob';
export const PLURAL = 'ppojobs';

/** Field manager of every server-side apply of the operator. */
export const FIELD_MANAGER = 'ppo-operator';
/** Reporting component of the events that the operator records. */
export const EVENT_SOURCE = 'ppo-operator';

/** The roles of a job, in the order in which people read them. */
export const ROLE_NAMES = ['coordinator', 'actor', 'critic', 'generation', 'reference', 'reward'] as const;
export type RoleName = (typeof ROLE_NAMES)[number];
/** Roles that move tensors between pods, and so have a communicator sidecar and shared memory. */
export const TENSOR_ROLES: readonly RoleName[] = ['actor', 'critic', 'generation'];

/** Roles that share a pod in colocated placement; each has a container named after it there. */
export const SHARED_ROLES = ['actor', 'critic', 'generation', 'reference', 'reward'] as const satisfies RoleName[];
/** In place of a role's name where a pod carries all SHARED_ROLES: in its name and in its label. */
export const COLOCATED = 'colocated';

export const LABELS = {
  /** Name of the PPOJob. Written by plan; selects all children of a job. */
  job: `${GROUP}/job`,
  /** One of ROLE_NAMES, or COLOCATED. Written by plan on pods; read by reconcile, and by the services' selectors. */
  role: `${GROUP}/role`,
  /** Rank (actor, critic) or replica index. Written by plan on pods; read by reconcile. */
  index: `${GROUP}/index`,
  /** Kubernetes' recommended labels, for people and dashboards. Written by plan; nobody here reads them. */
  appName: 'app.kubernetes.io/name',
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

export const ANNOTATIONS = {
  /** The image that the operator chose for a job that names none. Written and read by plan: a job keeps its image. */
  workerImage: `${GROUP}/worker-image`,
} as const;

/** Condition types of PPOJob's status. Written by reconcile; read by users, `kubectl wait` and the command line. */
export const CONDITIONS = {
  /** The manifest passed every check. */
  accepted: 'Accepted',
  /** Every pod of the job exists. */
  scheduled: 'Scheduled',
  /** Every pod is ready and the coordinator trains. */
  running: 'Running',
  /** `spec.suspend` is set, and the pods are gone. */
  suspended: 'Suspended',
  /** The coordinator ended well. Final. */
  succeeded: 'Succeeded',
  /** The job can't go on. Final; the reason says why. */
  failed: 'Failed',
} as const;
export type ConditionType = (typeof CONDITIONS)[keyof typeof CONDITIONS];

/** Later stages of a job first: a running job is still accepted and scheduled. */
export const STAGES_LATEST_FIRST: readonly ConditionType[] = [
  ...[CONDITIONS.failed, CONDITIONS.succeeded, CONDITIONS.suspended],
  ...[CONDITIONS.running, CONDITIONS.scheduled, CONDITIONS.accepted],
];

/** Reasons of conditions and events. Written by reconcile. */
export const REASONS = {
  valid: 'Valid',
  invalid: 'Invalid',
  podsCreated: 'PodsCreated',
  /** Some pods do not exist. */
  podsMissing: 'PodsMissing',
  /** Every pod exists, and one has no place yet: there is no room, or a gate or a queue holds it. */
  podsWaiting: 'PodsWaiting',
  podsReady: 'PodsReady',
  podsNotReady: 'PodsNotReady',
  /** The job is to be suspended, and has pods that stop. */
  podsStopping: 'PodsStopping',
  suspended: 'Suspended',
  resumed: 'Resumed',
  finished: 'Finished',
  /** A pod failed and is replaced by itself. */
  podRestarted: 'PodRestarted',
  /** A pod failed and all pods of its role are replaced. */
  roleRestarted: 'RoleRestarted',
  /** A pod failed and all pods of the job are replaced. */
  jobRestarted: 'JobRestarted',
  /** A pod is removed by force: its node has not said for long that it stopped. */
  podAbandoned: 'PodAbandoned',
  /** A pod failed once more than its role's `maxRestarts` allows. */
  restartLimitReached: 'RestartLimitReached',
  /** There was one restart more than `backoffLimit` allows. */
  backoffLimitExceeded: 'BackoffLimitExceeded',
  /** A pod failed and a rule of the failure policy ends the job for it. */
  failurePolicy: 'FailurePolicy',
  /** A pod ended with EXIT_CODES.hopeless. */
  hopelessConfiguration: 'HopelessConfiguration',
  /** A container's command is not in its image, or can't be run there. */
  commandNotRunnable: 'CommandNotRunnable',
  /** The image of a container can't be pulled. */
  imageUnavailable: 'ImageUnavailable',
  /** A container lacks something that it is configured from, such as a Secret. */
  configurationMissing: 'ConfigurationMissing',
  /** No node has had room for a pod for too long. */
  unschedulable: 'Unschedulable',
  /** The node of a pod could not set up its volumes, or its network, for too long. */
  volumesUnavailable: 'VolumesUnavailable',
  deadlineExceeded: 'DeadlineExceeded',
  applyFailed: 'ApplyFailed',
} as const;
export type Reason = (typeof REASONS)[keyof typeof REASONS];

/** How a worker process ends. Written by the workers; read by reconcile. */
export const EXIT_CODES = {
  done: 0,
  /** A fault that a restart may mend. */
  fault: 1,
  /** Configuration or data that no restart mends. */
  hopeless: 78,
  /** Of a shell that can't run the command, or doesn't find it. */
  notExecutable: 126,
  notFound: 127,
} as const;

/** Ports of every pod: the same in each, since each pod has its own address. */
export const PORTS = {
  grpc: 7000,
  /** gRPC of the communicator sidecar, for its own worker. */
  communicator: 7001,
  /** The collectives' data, between sidecars. */
  transport: 7002,
  /** OpenAI-compatible HTTP of generation pods. */
  openai: 8000,
  metrics: 9090,
  communicatorMetrics: 9091,
} as const;

export const CONTAINERS = { worker: 'worker', communicator: 'communicator' } as const;
export const MOUNTS = {
  config: '/etc/ppo',
  shared: '/dev/shm/ppo',
  /** What relative paths of a job count from in its pods; filled by the image or by a volume. */
  workspace: '/workspace',
  /** Certificate, key and authorities of the pod. */
  tls: '/etc/ppo-tls',
  /** The root is read-only: what Node and libraries write on the way. */
  temporary: '/tmp',
} as const;
/** Key of the compiled job in the job's ConfigMap, and its file name in MOUNTS.config. */
export const JOB_CONFIG_KEY = 'job.json';
/** Variables whose values come from Secrets that a manifest names; on one machine, from the environment of the command. */
export const SECRET_VARIABLES = {
  /** OpenTelemetry's own name. Written by plan; read by its exporter. */
  tracingHeaders: 'OTEL_EXPORTER_OTLP_HEADERS',
} as const;
/** Keys of the Secrets with a job's certificates, beside those of each holder. */
export const TLS_SECRET_KEYS = { /** every authority that is believed */ ca: 'ca.crt' } as const;
/** Unprivileged user, and group, of the image. */
export const USER_ID = 65_532;
/** Used where neither the manifest nor the operator's options name an image. */
export const DEFAULT_IMAGE = 'ppo-operator:0.1.0';
