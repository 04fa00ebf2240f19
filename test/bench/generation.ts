/**
 * How fast the generation server's engine decodes on one thread, sampling included: tokens per second at several batch
 * sizes, for a model of the arithmetic example's size and for one of 56M parameters. The ratio is the share of the time
 * that the model's matrix products alone would take, measured in turns with the steps; and what a new version of the
 * weights costs, against a step. Medians; a benchmark, never a test.
 */
import { DecodeBuffers } from '../../worker/generation/decode-buffers.ts';
import { DecoderSession } from '../../worker/generation/decoder-session.ts';
import { Engine } from '../../worker/generation/engine.ts';
import { Graph } from '../../worker/graph/graph.ts';
import type { ModelConfig } from '../../worker/models/config.ts';
import { layoutParameters, type ParameterLayout, slotView } from '../../worker/models/layout.ts';
import { createCpuDevice } from '../../worker/runtime/cpu-device.ts';
import type { TensorView } from '../../worker/runtime/device.ts';
import type { Figure } from './figure.ts';

const BATCH_SIZES = [1, 8, 64, 256];
const PROMPT_TOKENS = 6;
const ROUNDS = 11;
const CACHE_TOKENS = 64;
const THREADS = 1;
/** As `rollout` of the arithmetic example asks of one of two replicas. */
const EXAMPLE = { prompts: 256, maxTokens: 5 };

const example: ModelConfig = {
  modelType: 'llama',
  vocabSize: 16,
  hiddenSize: 96,
  intermediateSize: 256,
  numLayers: 3,
  numHeads: 4,
  numKvHeads: 2,
  headDim: 24,
  rmsNormEps: 1e-5,
  ropeTheta: 10_000,
  maxPositions: CACHE_TOKENS,
  tieWordEmbeddings: false,
  attentionBias: false,
  bosTokenId: 1,
  eosTokenIds: [2],
  padTokenId: 0,
  scoreMean: 0,
  scoreStd: 1,
};
const larger: ModelConfig = {
  ...example,
  vocabSize: 32_000,
  hiddenSize: 512,
  intermediateSize: 1408,
  numLayers: 8,
  numHeads: 8,
  numKvHeads: 4,
  headDim: 64,
};

const device = createCpuDevice();

export async function run(): Promise<readonly Figure[]> {
  return [...figuresOf('0.3M', example), exampleRollout(), ...figuresOf('56M', larger)];
}

interface BenchModel {
  readonly config: ModelConfig;
  readonly layout: ParameterLayout;
  readonly parameters: Float32Array;
}

function modelOf(config: ModelConfig): BenchModel {
  const layout = layoutParameters(config, 'language-model');
  const parameters = new Float32Array(layout.numElements);
  for (const slot of layout.slots) {
    const view = slotView(parameters, slot);
    const isVector = slot.shape.length === 1;
    const range = isVector ? 0 : Math.sqrt(3 / slot.shape[1]!);
    for (let i = 0; i < view.length; i++) view[i] = Number(isVector) + range * Math.sin(i * 12.9898 + 78.233 * (i % 7));
  }
  return { config, layout, parameters };
}

function engineOf(model: BenchModel, maxRows: number) {
  const buffers = new DecodeBuffers({ config: model.config, maxRows, cacheTokens: CACHE_TOKENS });
  const open = () => new DecoderSession({ device, threads: THREADS, model, parameters: model.parameters, buffers });
  return { engine: new Engine(buffers, open(), 0), open };
}

function submit(engine: Engine, count: number, maxTokens: number, vocabSize: number): void {
  const sampling = { maxTokens, temperature: 1, topP: 1, topK: 0, stopTokenIds: [] };
  const shared = { sampling, isStreaming: false, numTopLogprobs: 0 };
  engine.submit(
    Array.from({ length: count }, (_, id) => ({
      ...shared,
      id,
      seed: id,
      promptTokenIds: Array.from({ length: PROMPT_TOKENS }, (_unused, i) => (id * 7 + i * 3) % vocabSize),
    })),
  );
}

function figuresOf(name: string, config: ModelConfig): Figure[] {
  const model = modelOf(config);
  const figures = BATCH_SIZES.map((batchSize) => decodeFigure(name, model, batchSize));
  return [...figures, flipFigure(name, model)];
}

function decodeFigure(name: string, model: BenchModel, batchSize: number): Figure {
  const { engine } = engineOf(model, batchSize);
  const products = matrixProducts(model, batchSize);
  submit(engine, batchSize, CACHE_TOKENS - PROMPT_TOKENS, model.config.vocabSize);
  for (let step = 0; step < PROMPT_TOKENS + 2; step++) engine.step();
  products();
  const [stepMs, productMs] = inTurns(() => void engine.step(), products);
  return {
    bench: 'generation',
    metric: `${name} parameters, batch ${batchSize}, ${THREADS} thread`,
    value: (batchSize / stepMs) * 1000,
    unit: 'tokens/s',
    reference: 'its matrix products alone',
    ratio: productMs / stepMs,
  };
}

function flipFigure(name: string, model: BenchModel): Figure {
  const { engine, open } = engineOf(model, 64);
  submit(engine, 64, CACHE_TOKENS - PROMPT_TOKENS, model.config.vocabSize);
  for (let step = 0; step < PROMPT_TOKENS + 2; step++) engine.step();
  let version = 0;
  const flip = () => engine.useSession(open(), ++version).dispose();
  const [flipMs, stepMs] = inTurns(flip, () => void engine.step());
  const reference = 'a step of batch 64';
  const metric = `${name} parameters, flip to new weights`;
  return { bench: 'generation', metric, value: flipMs, unit: 'ms', reference, ratio: flipMs / stepMs };
}

/** The example's rollout of one replica, prompts of one length, from the first to the last token. */
function exampleRollout(): Figure {
  const { engine } = engineOf(modelOf(example), EXAMPLE.prompts);
  const rollout = () => {
    submit(engine, EXAMPLE.prompts, EXAMPLE.maxTokens, example.vocabSize);
    while (engine.hasWork) engine.step();
  };
  rollout();
  const [value] = inTurns(rollout, () => {});
  const metric = `0.3M parameters, ${EXAMPLE.prompts} prompts of ${PROMPT_TOKENS} and ${EXAMPLE.maxTokens} tokens each`;
  return { bench: 'generation', metric, value, unit: 'ms', reference: '', ratio: null };
}

/** Runs every matrix product of a step, repacked as the decoder's are, and nothing else. */
function matrixProducts({ layout, parameters }: BenchModel, batchSize: number): () => void {
  const graph = new Graph();
  const inputs: Record<string, TensorView> = {};
  const outputs: Record<string, TensorView> = {};
  const initializers: Record<string, TensorView> = {};
  const xs = new Map<number, ReturnType<Graph['input']>>();
  for (const slot of layout.slots) {
    if (slot.shape.length === 1 || slot.name === 'embedding') continue;
    const [numOut, numIn] = slot.shape as [number, number];
    const x = xs.get(numIn) ?? graph.input(`x${numIn}`, [batchSize, numIn]);
    xs.set(numIn, x);
    inputs[x.name] = { data: new Float32Array(batchSize * numIn).fill(0.5), shape: [batchSize, numIn] };
    const weight = graph.initializer(slot.name, slot.shape);
    initializers[slot.name] = { data: slotView(parameters, slot), shape: slot.shape };
    const shape = [batchSize, numOut];
    graph.output(graph.op('Gemm', [x, weight], [{ shape }], { attributes: { transB: 1 } })[0]!, `y.${slot.name}`);
    outputs[`y.${slot.name}`] = { data: new Float32Array(batchSize * numOut), shape };
  }
  const session = device.createSession(graph.encode(), { threads: THREADS, prepacking: true, initializers });
  const bound = session.bind(inputs, outputs);
  return () => bound.run();
}

/** Median ms of each, measured in turns so that both see the same machine. */
function inTurns(first: () => void, second: () => void): [number, number] {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    [first, second].forEach((action, which) => {
      const startMs = performance.now();
      action();
      times[which]!.push(performance.now() - startMs);
    });
  }
  return times.map((list) => list.sort((x, y) => x - y)[ROUNDS >> 1]!) as [number, number];
}
