/**
 * A reward function of the user's that scores, on a thread of its own: one that hangs can be ended, and one that is slow
 * doesn't keep the pod from answering. Knows nothing of gRPC, and nothing of what the function does.
 */
import type { JobConfig } from '../api/job-config.ts';
import { ComputeThread } from '../runtime/compute-thread.ts';
import { withinTime } from '../service/within-time.ts';
import type { FunctionApi, FunctionProgramData } from './reward-function-program.ts';
import { openOrGiveUp } from './role.ts';
import type { Scorer } from './scorer-worker.ts';

type Source = NonNullable<JobConfig['reward']['function']>;

/** For the thread itself to notice first that one of its calls takes too long. */
const GRACE_MS = 5000;
/** More than any module needs that only defines functions, also on a busy machine. */
const LOAD_MS = 60_000;
/** Calls may take their time one after the other: meanwhile whoever asked hears that they go on. */
const KEEP_ALIVE_MS = 1000;

/** `tokenizerPath` is the folder of the model that writes the responses. Throws HopelessError for an unusable module. */
export async function openFunctionScorer(source: Source, tokenizerPath: string): Promise<Scorer> {
  const where = `the reward function ${source.name} of ${source.path}`;
  const data: FunctionProgramData = { ...source, tokenizerPath };
  const module = new URL('./reward-function-program.ts', import.meta.url);
  const thread = await ComputeThread.start<FunctionApi>(module, data);
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {}); // nobody may be waiting yet, or any more
  void thread.ended.then((cause) => failure.reject(new Error(`${where} is gone: ${cause.message}`, { cause })));
  const watchdog = new Watchdog(source.timeoutSeconds * 1000 + GRACE_MS, () => {
    failure.reject(new Error(`${where} did not come back within ${source.timeoutSeconds} s: it is stuck in a loop`));
    void thread.terminate();
  });
  thread.onEvent(() => watchdog.touch());
  const limit = `${where} was not loaded within ${LOAD_MS / 1000} s: what its module awaits or computes takes too long`;
  return {
    limits: await openOrGiveUp(thread, () => withinTime(thread.call('open'), LOAD_MS, limit)),
    parameterBytes: null,
    needsTexts: true,
    keepAliveMs: KEEP_ALIVE_MS,
    score: (sequences, texts) => watchdog.during(() => thread.call('score', sequences, texts)),
    failed: failure.promise,
    close: async () => {
      watchdog.stop();
      await thread.terminate();
    },
  };
}

/** Barks when work is under way and nothing has been heard of it for too long. */
class Watchdog {
  readonly #limitMs: number;
  readonly #bark: () => void;
  #timer: NodeJS.Timeout | undefined;
  #calls = 0;

  constructor(limitMs: number, bark: () => void) {
    this.#limitMs = limitMs;
    this.#bark = bark;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#calls++;
    this.touch();
    try {
      return await work();
    } finally {
      this.#calls--;
      this.touch();
    }
  }

  touch(): void {
    this.stop();
    if (this.#calls > 0) this.#timer = setTimeout(this.#bark, this.#limitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
