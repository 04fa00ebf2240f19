/**
 * A reward function of the user's that scores, on a thread of its own: one that hangs can be ended, and one that is slow
 * doesn't keep the pod from answering. Knows nothing of gRPC, and nothing of what the function does.
 */
import type { JobConfig } from '../api/job-config.ts';
import { ComputeThread } from '../runtime/compute-thread.ts';
import type { FunctionApi, FunctionProgramData } from './reward-function-program.ts';
import { openOrGiveUp } from './role.ts';
import type { Scorer } from './scorer-worker.ts';

type Source = NonNullable<JobConfig['reward']['function']>;

/** For the thread itself to notice first that one of its calls takes too long. */
const GRACE_MS = 5000;

/** `tokenizerPath` is the folder of the model that writes the responses. Throws HopelessError for an unusable module. */
export async function openFunctionScorer(source: Source, tokenizerPath: string): Promise<Scorer> {
  const data: FunctionProgramData = { ...source, tokenizerPath };
  const module = new URL('./reward-function-program.ts', import.meta.url);
  const thread = await ComputeThread.start<FunctionApi>(module, data);
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {}); // nobody may be waiting yet, or any more
  void thread.ended.then(failure.reject);
  const watchdog = new Watchdog(source.timeoutSeconds * 1000 + GRACE_MS, () => {
    const where = `the reward function ${source.name} of ${source.path}`;
    failure.reject(new Error(`${where} did not come back within ${source.timeoutSeconds} s: it is stuck in a loop`));
    void thread.terminate();
  });
  thread.onEvent(() => watchdog.touch());
  return {
    limits: await openOrGiveUp(thread, () => thread.call('open')),
    parameterBytes: null,
    needsTexts: true,
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
