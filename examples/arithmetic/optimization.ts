// The training loop that both models share: warm up, decay linearly to 0, clip, AdamW. Refuses to know losses and data.
import type { TensorView } from '../../worker/runtime/device.ts';
import type { TrainableModel, TrainProgram } from '../../worker/training/trainable-model.ts';

const WARMUP_STEPS = 20;
const PEAK_LEARNING_RATE = 2e-3;
const MAX_GRAD_NORM = 1;
const ADAMW = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0 };

export interface OptimizationOptions {
  readonly model: TrainableModel;
  readonly program: TrainProgram;
  readonly numSteps: number;
  /** The inputs of the next step but the parameters. */
  readonly nextInputs: () => Readonly<Record<string, TensorView>>;
  /** After each step, counted from 1. */
  readonly onStep: (step: number, loss: number) => void;
}

/** Throws where the loss is no longer a number. */
export function optimize({ model, program, numSteps, nextInputs, onStep }: OptimizationOptions): void {
  for (let step = 0; step < numSteps; step++) {
    model.zeroGradients();
    const { loss } = model.accumulate(program, nextInputs());
    const value = Number(loss![0]);
    if (!Number.isFinite(value)) throw new Error(`the loss of step ${step + 1} is ${value}`);
    const norm = model.gradientNorm();
    if (norm > MAX_GRAD_NORM) model.scaleGradients(MAX_GRAD_NORM / norm);
    model.step({ learningRate: learningRateAt(step, numSteps), ...ADAMW });
    onStep(step + 1, value);
  }
}

function learningRateAt(step: number, numSteps: number): number {
  const warmup = Math.min(1, (step + 1) / WARMUP_STEPS);
  const decay = 1 - Math.max(0, step - WARMUP_STEPS) / Math.max(1, numSteps - WARMUP_STEPS);
  return PEAK_LEARNING_RATE * warmup * decay;
}
