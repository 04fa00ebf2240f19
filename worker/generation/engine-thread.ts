/**
 * The compute thread of a generation server: an engine over weights in shared memory. It steps while there is work and
 * looks at its messages between two steps, which is when weights change.
 * Consumes: calls of EngineApi. Waits for: messages. Unblocked by: the next message.
 */
import { setImmediate as messagesSeen } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import type { ModelConfig } from '../models/config.ts';
import { layoutParameters } from '../models/layout.ts';
import { emitEvent, serveCompute } from '../runtime/compute-thread.ts';
import { createCpuDevice } from '../runtime/cpu-device.ts';
import { SharedBuffer } from '../runtime/shared-buffer.ts';
import { DecodeBuffers } from './decode-buffers.ts';
import { DecoderSession } from './decoder-session.ts';
import { Engine, type EngineStats, type SequenceCounts } from './engine.ts';
import type { FinishedSequence, SequenceRequest, TokenEvent } from './sequence.ts';

export interface EngineThreadData {
  readonly config: ModelConfig;
  readonly threads: number;
  /** Sequences decoded at once. */
  readonly maxRows: number;
  /** Prompt and response of the longest sequence. */
  readonly cacheTokens: number;
  readonly sharedDir: string;
  /** SharedBuffers of the weights, in layout order; the first holds `policyVersion` at the start. */
  readonly weightBuffers: readonly string[];
  readonly policyVersion: number;
}

export interface EngineApi {
  submit(requests: readonly SequenceRequest[]): void;
  cancel(ids: readonly number[]): void;
  count(ids: readonly number[]): SequenceCounts;
  /** Decodes with the weights of a buffer from the next step on. */
  useWeights(buffer: number, policyVersion: number): void;
}

/** After each step that made something of note, and when the engine falls idle. */
export interface EngineEvent {
  readonly finished: readonly FinishedSequence[];
  readonly tokens: readonly TokenEvent[];
  /** As in StepResult, since the event before. */
  readonly interTokenMs: readonly number[];
  readonly stats: EngineStats;
}

/** Longest silence while there is work. */
const STATS_INTERVAL_MS = 100;

const data = workerData as EngineThreadData;
const layout = layoutParameters(data.config, 'language-model');
const device = createCpuDevice();
const buffers = new DecodeBuffers(data);
const weights = data.weightBuffers.map((name) => {
  const shared = SharedBuffer.open(data.sharedDir, name);
  return new Float32Array(shared.buffer, 0, layout.numElements);
});

function openSession(buffer: number): DecoderSession {
  const model = { config: data.config, layout };
  return new DecoderSession({ device, threads: data.threads, model, parameters: weights[buffer]!, buffers });
}

const engine = new Engine(buffers, openSession(0), data.policyVersion);
let isStepping = false;

async function stepWhileThereIsWork(): Promise<void> {
  isStepping = true;
  let reportedMs = Number.NEGATIVE_INFINITY;
  let interTokenMs: number[] = [];
  while (engine.hasWork) {
    const { finished, tokens, ...step } = engine.step();
    interTokenMs.push(...step.interTokenMs);
    const nowMs = performance.now();
    const isNotable = finished.length > 0 || tokens.length > 0;
    if (isNotable || !engine.hasWork || nowMs - reportedMs >= STATS_INTERVAL_MS) {
      emitEvent({ finished, tokens, interTokenMs, stats: engine.stats() } satisfies EngineEvent);
      interTokenMs = [];
      reportedMs = nowMs;
    }
    await messagesSeen();
  }
  isStepping = false;
}

serveCompute<EngineApi>({
  submit(requests) {
    engine.submit(requests);
    // A step that fails ends the thread, and with it the process: nothing that it would decode could be trusted.
    if (!isStepping) void stepWhileThereIsWork();
  },
  cancel: (ids) => engine.cancel(new Set(ids)),
  count: (ids) => engine.count(new Set(ids)),
  useWeights: (buffer, policyVersion) => engine.useSession(openSession(buffer), policyVersion).dispose(),
});
