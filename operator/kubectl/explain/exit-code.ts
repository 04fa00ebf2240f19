/** What a container's exit code means, and what to do about it. Pure. */
import { constants } from 'node:os';
import { EXIT_CODES } from '../../api/names.ts';

export interface ExitMeaning {
  readonly means: string;
  /** Empty where the reason of the failure says more. */
  readonly remedies: readonly string[];
}

const OUT_OF_MEMORY = 'OOMKilled';
const SIGNAL_BASE = 128;
const NO_PROCESS = -1;

const CODES: Readonly<Record<number, string>> = {
  [NO_PROCESS]: 'no process ended: the pod could not be started, or was taken away',
  [EXIT_CODES.done]: 'it ended well by itself, although the job is not done',
  [EXIT_CODES.fault]: 'a fault that a restart may fix',
  [EXIT_CODES.hopeless]: 'its configuration, model or data is unusable, and no restart fixes that',
  [EXIT_CODES.notExecutable]: 'the command was found in the image and can not be run',
  [EXIT_CODES.notFound]: 'the command was not found in the image',
};

const SIGNALS: Readonly<Partial<Record<NodeJS.Signals, ExitMeaning>>> = {
  SIGKILL: {
    means: 'killed (SIGKILL): by its node for want of memory, or because it did not end in time when told to',
    remedies: ['see whether its node was short of memory: kubectl describe node NAME'],
  },
  SIGTERM: { means: 'told to end (SIGTERM) from outside', remedies: [] },
  SIGSEGV: {
    means: 'crashed (SIGSEGV) in a native library',
    remedies: ['if it comes again, report it with the log: it is a fault of ours or of ONNX Runtime'],
  },
  SIGABRT: {
    means: 'gave up (SIGABRT): mostly out of memory for JavaScript, or a broken promise in a native library',
    remedies: ['give it more memory: spec.roles.{role}.resources.limits.memory'],
  },
  SIGBUS: {
    means: 'lost its shared memory (SIGBUS): /dev/shm is full',
    remedies: ['give it more memory: shared memory counts towards spec.roles.{role}.resources.limits.memory'],
  },
  SIGILL: {
    means: 'came upon an instruction that this CPU does not have (SIGILL)',
    remedies: ['keep it off such nodes with a nodeSelector in spec.podTemplate'],
  },
};

/** `reasons`: Kubernetes' own words for the end. */
export function explainExitCode(code: number, reasons: readonly string[]): ExitMeaning {
  if (reasons.includes(OUT_OF_MEMORY)) {
    return {
      means: 'killed for want of memory (OOMKilled): it used more than its limit',
      remedies: [
        'raise spec.roles.{role}.resources.limits.memory (suspend the job first)',
        'or use less: a smaller spec.training.microbatchSize, or spec.rollout.maxConcurrentSequences',
      ],
    };
  }
  const known = CODES[code];
  if (known !== undefined) return { means: known, remedies: [] };
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - SIGNAL_BASE)?.[0];
  if (signal === undefined) return { means: 'not a code of ours: the log says more', remedies: [] };
  return SIGNALS[signal as NodeJS.Signals] ?? { means: `ended by signal ${signal}`, remedies: [] };
}
