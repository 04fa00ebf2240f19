/**
 * What `kubectl get ppojobs` shows of a job, and with `-o wide` besides. The Status column is the first condition that
 * holds: the operator keeps the latest stage first (STAGES_LATEST_FIRST). Knows no other view of a job.
 */

/** One entry of a CRD's `additionalPrinterColumns`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date' | 'boolean';
  readonly jsonPath: string;
  readonly description: string;
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority: 0 | 1;
}

const PROGRESS = '.status.progress';

function metric(name: string): string {
  return `${PROGRESS}.metrics['${name}']`;
}

const always: readonly Omit<PrinterColumn, 'priority'>[] = [
  {
    name: 'Status',
    type: 'string',
    jsonPath: '.status.conditions[?(@.status=="True")].type',
    description: 'The latest stage that the job has reached.',
  },
  { name: 'Iteration', type: 'integer', jsonPath: `${PROGRESS}.iteration`, description: 'Iterations finished.' },
  { name: 'Score', type: 'string', jsonPath: metric('rollout/score'), description: 'Mean score of the responses.' },
  {
    name: 'KL',
    type: 'string',
    jsonPath: metric('policy/kl'),
    description: 'Mean KL of a response against the reference policy.',
  },
  {
    name: 'Tokens/s',
    type: 'string',
    jsonPath: `${PROGRESS}.tokensPerSecond`,
    description: 'Tokens generated per second.',
  },
  { name: 'Restarts', type: 'integer', jsonPath: '.status.restarts', description: 'Failed pods that were replaced.' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since creation.' },
];

const wide: readonly Omit<PrinterColumn, 'priority'>[] = [
  {
    name: 'Reason',
    type: 'string',
    jsonPath: '.status.conditions[0].reason',
    description: 'Reason of the latest condition.',
  },
  {
    name: 'Iterations',
    type: 'integer',
    jsonPath: '.spec.algorithm.numIterations',
    description: 'Iterations in all.',
  },
  {
    name: 'Accuracy',
    type: 'string',
    jsonPath: `${PROGRESS}.accuracy`,
    description: 'Exact match on held-out prompts.',
  },
  { name: 'Policy', type: 'integer', jsonPath: `${PROGRESS}.policyVersion`, description: 'Version of the policy.' },
  {
    name: 'Checkpoint',
    type: 'integer',
    jsonPath: `${PROGRESS}.lastCheckpointIteration`,
    description: 'Iteration of the newest checkpoint.',
  },
  {
    name: 'Seconds left',
    type: 'integer',
    jsonPath: `${PROGRESS}.remainingSeconds`,
    description: 'Estimate of the time left.',
  },
  {
    name: 'Generation',
    type: 'integer',
    jsonPath: '.status.roles.generation.ready',
    description: 'Generation pods that are ready.',
  },
  {
    name: 'Taken away',
    type: 'integer',
    jsonPath: '.status.infrastructureRestarts',
    description: 'Pods that were replaced because they were taken away: eviction, preemption, a lost node.',
  },
  {
    name: 'Failed pod',
    type: 'string',
    jsonPath: '.status.lastFailure.pod',
    description: 'The newest pod that failed.',
  },
];

export const PRINTER_COLUMNS: readonly PrinterColumn[] = [
  ...always.map((column) => ({ ...column, priority: 0 as const })),
  ...wide.map((column) => ({ ...column, priority: 1 as const })),
];
