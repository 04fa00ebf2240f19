/**
 * A worker process's settings from its environment: the only place in worker/ that reads `process.env`. Names are written
 * by operator/plan and read here.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type JobConfig, jobConfigSchema } from './api/job-config.ts';

export const ROLES = ['coordinator', 'generation', 'actor', 'critic', 'reference', 'reward', 'communicator'] as const;
export type Role = (typeof ROLES)[number];

const port = z.coerce.number().int().min(1).max(65535);
const environmentSchema = z.object({
  PPO_ROLE: z.enum(ROLES),
  /** Rank (actor, critic) or replica index. */
  PPO_INDEX: z.coerce.number().int().min(0).default(0),
  PPO_POD_NAME: z.string().min(1),
  PPO_JOB_NAME: z.string().min(1).optional(),
  /** Sidecar only: the role of the worker that it serves. */
  PPO_SERVES_ROLE: z.enum(ROLES).optional(),
  PPO_POD_IP: z.string().min(1),
  PPO_GRPC_PORT: port,
  PPO_METRICS_PORT: port,
  /** Generation only: OpenAI-compatible HTTP. */
  PPO_OPENAI_PORT: port.optional(),
  /** Where the worker finds its sidecar; where the sidecar listens. */
  PPO_COMMUNICATOR_PORT: port.optional(),
  /** Sidecar only: the collectives' data transport. */
  PPO_TRANSPORT_PORT: port.optional(),
  /** Folder in memory that worker and sidecar share. */
  PPO_SHARED_DIR: z.string().optional(),
  PPO_COORDINATOR_ADDRESS: z.string().optional(),
  PPO_JOB_CONFIG: z.string().optional(),
  /** Threads of one compute session. */
  PPO_THREADS: z.coerce.number().int().min(1).default(1),
  /** Folder with ca.crt, tls.crt and tls.key: then every connection of the job is mutual TLS. */
  PPO_TLS_DIR: z.string().min(1).optional(),
  /** Base address of an OTLP/HTTP receiver; absent: no tracing. */
  PPO_TRACING_ENDPOINT: z.string().min(1).optional(),
  /** Share of the traces that are taken. */
  PPO_TRACING_SAMPLE_RATIO: z.coerce.number().min(0).max(1).default(1),
  PPO_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export interface WorkerSettings {
  readonly role: Role;
  readonly index: number;
  readonly podName: string;
  readonly jobName: string | null;
  /** Of a sidecar: the role of the worker beside it. */
  readonly servesRole: Role | null;
  readonly podIp: string;
  readonly grpcPort: number;
  readonly metricsPort: number;
  readonly openaiPort: number | null;
  readonly communicatorPort: number | null;
  readonly transportPort: number | null;
  readonly sharedDir: string | null;
  /** host:port */
  readonly coordinatorAddress: string | null;
  readonly jobConfigPath: string | null;
  readonly threads: number;
  /** Null: in the clear. */
  readonly tlsDir: string | null;
  /** Null: off. */
  readonly tracing: { readonly endpoint: string; readonly sampleRatio: number } | null;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** Reads and checks the environment. Throws one Error that lists every problem. */
export function readSettings(environment: NodeJS.ProcessEnv): WorkerSettings {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) throw new Error(`worker environment is wrong:\n${z.prettifyError(parsed.error)}`);
  const e = parsed.data;
  return {
    role: e.PPO_ROLE,
    index: e.PPO_INDEX,
    podName: e.PPO_POD_NAME,
    jobName: e.PPO_JOB_NAME ?? null,
    servesRole: e.PPO_SERVES_ROLE ?? null,
    podIp: e.PPO_POD_IP,
    grpcPort: e.PPO_GRPC_PORT,
    metricsPort: e.PPO_METRICS_PORT,
    openaiPort: e.PPO_OPENAI_PORT ?? null,
    communicatorPort: e.PPO_COMMUNICATOR_PORT ?? null,
    transportPort: e.PPO_TRANSPORT_PORT ?? null,
    sharedDir: e.PPO_SHARED_DIR ?? null,
    coordinatorAddress: e.PPO_COORDINATOR_ADDRESS ?? null,
    jobConfigPath: e.PPO_JOB_CONFIG ?? null,
    threads: e.PPO_THREADS,
    tlsDir: e.PPO_TLS_DIR ?? null,
    tracing:
      e.PPO_TRACING_ENDPOINT === undefined
        ? null
        : { endpoint: e.PPO_TRACING_ENDPOINT, sampleRatio: e.PPO_TRACING_SAMPLE_RATIO },
    logLevel: e.PPO_LOG_LEVEL,
  };
}

/** Reads and checks the compiled job. Throws one Error that lists every problem. */
export function readJobConfig(path: string): JobConfig {
  const parsed = jobConfigSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) throw new Error(`job configuration ${path} is wrong:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
