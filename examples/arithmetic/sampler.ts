// Responses of a language model, greedy or sampled at temperature 1, by computing the whole sequence anew for every
// token: slow for long texts and simple for short ones. Refuses to know what the responses are for.
import { buildLogitsGraph } from '../../worker/models/forward-graphs.ts';
import type { ModelDescription } from '../../worker/models/trunk.ts';
import type { Rng } from '../../worker/ppo/rng.ts';
import type { Device } from '../../worker/runtime/device.ts';
import { LastTokenModel } from './forward.ts';
import { EOS_ID, MAX_PROMPT_TOKENS, MAX_RESPONSE_TOKENS } from './task.ts';

export interface SamplerOptions {
  readonly device: Device;
  readonly threads: number;
  readonly model: ModelDescription;
  /** [layout.numElements], borrowed until dispose(); may change between calls. */
  readonly parameters: Float32Array;
}

/** Owns one session per response token, each only as long as its sequences. */
export class Sampler {
  readonly #steps: readonly LastTokenModel[];

  constructor(options: SamplerOptions) {
    this.#steps = Array.from(
      { length: MAX_RESPONSE_TOKENS },
      (_, step) => new LastTokenModel({ ...options, length: MAX_PROMPT_TOKENS + step, buildGraph: buildLogitsGraph }),
    );
  }

  /**
   * A response for each prompt (at most 7 tokens), up to its end token or 5 tokens. Without `rng` the most likely token
   * is taken; with it, response i draws from a generator of its own, so that it doesn't depend on its neighbours.
   */
  respond(prompts: readonly (readonly number[])[], rng: Rng | null): number[][] {
    const responses: number[][] = prompts.map(() => []);
    const rngs = rng === null ? null : prompts.map((_, i) => rng.split(i));
    let active = prompts.map((_, i) => i);
    for (const model of this.#steps) {
      const logits = model.outputs(active.map((i) => [...prompts[i]!, ...responses[i]!]));
      active = active.filter((i, row) => {
        const rowLogits = logits.subarray(row * model.width, (row + 1) * model.width);
        const token = rngs === null ? argmax(rowLogits) : sample(rowLogits, rngs[i]!);
        responses[i]!.push(token);
        return token !== EOS_ID;
      });
    }
    return responses;
  }

  dispose(): void {
    for (const step of this.#steps) step.dispose();
  }
}

function argmax(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id;
  return best;
}

/** From softmax(logits). */
function sample(logits: Float32Array, rng: Rng): number {
  const top = logits[argmax(logits)]!;
  const weights = Array.from(logits, (logit) => Math.exp(logit - top));
  let remaining = rng.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  for (let id = 0; id < weights.length; id++) {
    remaining -= weights[id]!;
    if (remaining < 0) return id;
  }
  return argmax(logits); // rounding left nothing of the last weight
}
