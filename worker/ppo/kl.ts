/**
 * Estimators of the KL divergence between the policy and the reference policy, and the controllers of its coefficient.
 * Knows nothing of rewards or losses. Source: OpenRLHF v0.11.0, `compute_approx_kl` and kl_controller.py;
 * estimators: Schulman, "Approximating KL Divergence". Shapes: see token-batch.ts.
 */
import { assertShape, type TokenBatch } from './token-batch.ts';

export type KlEstimator = 'k1' | 'k2' | 'k3';

/** An estimate is held within +- this, so that one absurd token can't own the update. */
const KL_LIMIT = 10;

/** KL of one token from d = newLogprob - referenceLogprob, in nats: k1 = d, k2 = d^2/2, k3 = exp(-d) - 1 + d. */
export function estimateTokenKl(estimator: KlEstimator, d: number): number {
  const kl = estimator === 'k1' ? d : estimator === 'k2' ? (d * d) / 2 : Math.expm1(-d) + d;
  return Math.min(KL_LIMIT, Math.max(-KL_LIMIT, kl));
}

/** KL per token [B, A] from logprobs [B, A]. */
export function estimateKl(
  estimator: KlEstimator,
  logprobs: { readonly newLogprobs: Float32Array; readonly referenceLogprobs: Float32Array },
  batch: TokenBatch,
): Float32Array {
  const { newLogprobs, referenceLogprobs } = logprobs;
  assertShape('newLogprobs', newLogprobs, batch);
  assertShape('referenceLogprobs', referenceLogprobs, batch);
  const kl = new Float32Array(newLogprobs.length);
  for (let i = 0; i < kl.length; i++) {
    if (batch.lossMask[i]) kl[i] = estimateTokenKl(estimator, newLogprobs[i]! - referenceLogprobs[i]!);
  }
  return kl;
}

/** Holds the KL coefficient across iterations. Its `coef` is all the state there is: a checkpoint saves it. */
export interface KlController {
  readonly coef: number;
  /** After an iteration: `kl` measured over `numResponses` responses, in the unit of the target. */
  update(kl: number, numResponses: number): void;
}

export interface KlControllerOptions {
  /** The first coefficient, or a checkpoint's. */
  readonly coef: number;
  /** null: the coefficient stays. */
  readonly target: number | null;
  /** Responses over which an error of 1 doubles the coefficient. */
  readonly horizon: number;
}

export function createKlController(options: KlControllerOptions): KlController {
  return options.target === null
    ? { coef: options.coef, update: () => {} }
    : new AdaptiveKlController(options.coef, options.target, options.horizon);
}

/** Ziegler et al. 2019, "Fine-Tuning Language Models from Human Preferences", section 2.2. */
class AdaptiveKlController implements KlController {
  coef: number;
  readonly #target: number;
  readonly #horizon: number;

  constructor(coef: number, target: number, horizon: number) {
    this.coef = coef;
    this.#target = target;
    this.#horizon = horizon;
  }

  update(kl: number, numResponses: number): void {
    const error = Math.min(0.2, Math.max(-0.2, kl / this.#target - 1));
    this.coef *= 1 + (error * numResponses) / this.#horizon;
  }
}
