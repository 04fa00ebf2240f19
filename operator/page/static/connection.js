// Keeps asking the server for one address, soon again while it answers, ever later while it doesn't, and says how it
// stands. Refuses to know what is asked.
//
// Consumes: answers. Waits for: the next turn. Unblocked by: time, `retry`, the page becoming visible, the network coming back.

/**
 * @typedef {object} State
 * @property {boolean} isLost
 * @property {string} problem why the last question got no answer
 * @property {number | null} answeredAtMs of the last answer, by this machine's clock
 * @property {number | null} retryAtMs
 */

const TURN_MS = 2000;
const LONGEST_TURN_MS = 30_000;
const TIMEOUT_MS = 15_000;

/** @typedef {{ status: number, body: unknown, serverMs: number }} Answer */

export class Connection {
  /** @type {State} */
  state = { isLost: false, problem: '', answeredAtMs: null, retryAtMs: null };
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {AbortController | null} */
  #asking = null;
  #path = '';
  /** @type {(answer: Answer) => void} */
  #onAnswer = () => {};
  /** @type {() => void} */
  #onState;

  /** @param {() => void} onState told of every change of `state` */
  constructor(onState) {
    this.#onState = onState;
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.retry());
    window.addEventListener('online', () => this.retry());
  }

  /**
   * Asks for `path` from now on, in place of what it asked for before.
   * @param {string} path
   * @param {(answer: Answer) => void} onAnswer
   */
  follow(path, onAnswer) {
    this.#path = path;
    this.#onAnswer = onAnswer;
    this.retry();
  }

  /** Asks at once. */
  retry() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    if (this.#path !== '') void this.#ask();
  }

  async #ask() {
    const asking = new AbortController();
    this.#asking = asking;
    /** @type {Answer | null} */
    let answer = null;
    let problem = '';
    try {
      answer = await ask(this.#path, asking.signal);
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    if (asking.signal.aborted) return;
    this.#failures = answer === null ? this.#failures + 1 : 0;
    const backoffMs = TURN_MS * 2 ** Math.max(0, this.#failures - 1) * (0.8 + 0.4 * Math.random());
    const delayMs = answer === null ? Math.min(LONGEST_TURN_MS, backoffMs) : TURN_MS;
    this.#next(delayMs);
    const { answeredAtMs } = this.state;
    this.state =
      answer === null
        ? { isLost: true, problem, answeredAtMs, retryAtMs: Date.now() + delayMs }
        : { isLost: false, problem, answeredAtMs: Date.now(), retryAtMs: null };
    if (answer !== null) this.#onAnswer(answer);
    this.#onState();
  }

  /** Nobody looks at a hidden page: it asks again when it is seen. @param {number} delayMs */
  #next(delayMs) {
    this.#timer = setTimeout(() => document.visibilityState === 'visible' && this.#ask(), delayMs);
  }
}

/**
 * Throws with a reason for people where there is no answer. That a job is gone is one.
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {Promise<Answer>}
 */
export async function ask(path, signal) {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(path, {
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  }).catch((error) => {
    throw new Error(timeout.aborted ? 'no answer within 15 seconds' : 'nobody answers', { cause: error });
  });
  const body = await response.json().catch(() => null);
  if (!response.ok && response.status !== 404) throw new Error(body?.message ?? `the answer was ${response.status}`);
  if (body === null) throw new Error('the answer was cut short');
  return { status: response.status, body, serverMs: Date.parse(response.headers.get('date') ?? '') || Date.now() };
}
