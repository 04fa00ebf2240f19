/**
 * The serving thread's side of the engine: submits requests to the compute thread and hands what comes back to who asked
 * for it. Knows no protocol.
 */
import { ComputeThread } from '../runtime/compute-thread.ts';
import type { RuntimeError } from '../runtime/runtime-error.ts';
import type { EngineStats, SequenceCounts } from './engine.ts';
import type { EngineApi, EngineEvent, EngineThreadData } from './engine-thread.ts';
import type { FinishedSequence, SequenceEvent, SequenceRequest } from './sequence.ts';
import { Submission } from './submission.ts';

const IDLE: EngineStats = {
  numRunning: 0,
  numWaiting: 0,
  cacheUsage: 0,
  numSteps: 0,
  promptTokens: 0,
  generatedTokens: 0,
};

export type NewSequence = Omit<SequenceRequest, 'id'>;

export interface EngineListener {
  onFinished?(sequence: FinishedSequence): void;
  /** Between tokens of a sequence, one for each but the first. */
  onTokens?(interTokenMs: readonly number[]): void;
  onStats?(stats: EngineStats, previous: EngineStats): void;
}

interface Recipient {
  readonly submission: Submission;
  /** Place of the sequence in what was submitted. */
  readonly index: number;
}

export class EngineClient {
  readonly #thread: ComputeThread<EngineApi>;
  readonly #recipients = new Map<number, Recipient>();
  readonly #listener: EngineListener;
  #policyVersion: number;
  #stats = IDLE;
  #nextId = 0;

  private constructor(thread: ComputeThread<EngineApi>, data: EngineThreadData, listener: EngineListener) {
    this.#thread = thread;
    this.#policyVersion = data.policyVersion;
    this.#listener = listener;
    thread.onEvent((event) => this.#receive(event as EngineEvent));
    void thread.ended.then((reason) => this.#failAll(reason));
  }

  /** Resolves when the model is ready to decode. */
  static async start(data: EngineThreadData, listener: EngineListener = {}): Promise<EngineClient> {
    const module = new URL('./engine-thread.ts', import.meta.url);
    return new EngineClient(await ComputeThread.start<EngineApi>(module, data), data, listener);
  }

  /** Resolves with the reason for which the compute thread ended. */
  get ended(): Promise<RuntimeError> {
    return this.#thread.ended;
  }

  /** The version that the next token is made with. */
  get policyVersion(): number {
    return this.#policyVersion;
  }

  /** As of the last step that was reported. */
  get stats(): EngineStats {
    return this.#stats;
  }

  /** Sequences that were submitted and have neither finished nor been cancelled. */
  get numUnfinished(): number {
    return this.#recipients.size;
  }

  submit(sequences: readonly NewSequence[]): Submission {
    const ids = sequences.map(() => this.#nextId++);
    const submission = new Submission({
      count: (unfinished) => this.#count(unfinished.map((index) => ids[index]!)),
      cancel: (unfinished) => this.#cancel(unfinished.map((index) => ids[index]!)),
      size: ids.length,
    });
    ids.forEach((id, index) => {
      this.#recipients.set(id, { submission, index });
    });
    this.#thread
      .call(
        'submit',
        sequences.map((sequence, index) => ({ ...sequence, id: ids[index]! })),
      )
      .catch((error: unknown) => submission.fail(error));
    return submission;
  }

  /** Resolves when every later token comes from the weights in this buffer. */
  async useWeights(buffer: number, policyVersion: number): Promise<void> {
    await this.#thread.call('useWeights', buffer, policyVersion);
    this.#policyVersion = policyVersion;
  }

  close(): Promise<void> {
    return this.#thread.terminate();
  }

  #count(ids: number[]): Promise<SequenceCounts> {
    return this.#thread.call('count', ids);
  }

  #cancel(ids: number[]): void {
    for (const id of ids) this.#recipients.delete(id);
    // A thread that has ended decodes nothing any more.
    if (ids.length > 0) this.#thread.call('cancel', ids).catch(() => {});
  }

  #receive({ finished, tokens, interTokenMs, stats }: EngineEvent): void {
    const previous = this.#stats;
    this.#stats = stats;
    this.#listener.onStats?.(stats, previous);
    this.#listener.onTokens?.(interTokenMs);
    for (const token of tokens)
      this.#deliver(token.id, (recipient) => ({ kind: 'token', index: recipient.index, token }));
    for (const sequence of finished) {
      this.#listener.onFinished?.(sequence);
      this.#deliver(sequence.id, (recipient) => ({ kind: 'finished', index: recipient.index, sequence }));
      this.#recipients.delete(sequence.id);
    }
  }

  #deliver(id: number, build: (recipient: Recipient) => SequenceEvent): void {
    const recipient = this.#recipients.get(id);
    recipient?.submission.push(build(recipient));
  }

  #failAll(reason: RuntimeError): void {
    for (const { submission } of this.#recipients.values()) submission.fail(reason);
    this.#recipients.clear();
  }
}
