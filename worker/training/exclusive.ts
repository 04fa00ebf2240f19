/** One at a time, in the order of asking: training, scoring, saving and publishing share one set of weights. */
export class Exclusive {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when everyone who asked before has released; returns how to release, which may be called twice. */
  async acquire(): Promise<() => void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    return resolve;
  }

  /** Runs `task` when it is its turn. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    const release = await this.acquire();
    try {
      return await task();
    } finally {
      release();
    }
  }
}
