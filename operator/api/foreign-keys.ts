/**
 * What people mean by keys that a PPOJob doesn't have: our own in another spelling or another place, OpenRLHF's options,
 * Kubernetes' pod templates. Refuses to guess: a word that it doesn't know has no place.
 */
import type { FieldPath } from './schema-tree.ts';

/** OpenRLHF's options, and ends of the paths that they became; docs/migrating-from-openrlhf.md has them all. */
export const OPENRLHF_WORDS: Readonly<Record<string, string>> = {
  pretrain: 'models.actor.path',
  critic_pretrain: 'models.critic.path',
  reward_pretrain: 'reward.model.path',
  remote_rm_url: 'reward.function',
  reward_clip_range: 'reward.clipRange',
  prompt_data: 'dataset.train.path',
  eval_dataset: 'dataset.evaluation.path',
  input_key: 'dataset.promptField',
  label_key: 'dataset.answerField',
  num_episodes: 'algorithm.numIterations',
  max_epochs: 'algorithm.numPpoEpochs',
  lambd: 'algorithm.gaeLambda',
  eps_clip: 'algorithm.clipRange',
  value_clip: 'algorithm.valueClipRange',
  entropy_loss_coef: 'algorithm.entropyCoef',
  freezing_actor_steps: 'algorithm.criticWarmupIterations',
  no_advantage_std_norm: 'algorithm.whitenAdvantages',
  init_kl_coef: 'algorithm.kl.coef',
  kl_target: 'algorithm.kl.target',
  kl_horizon: 'algorithm.kl.horizon',
  kl_estimator: 'algorithm.kl.estimator',
  use_kl_loss: 'algorithm.kl.placement',
  rollout_batch_size: 'rollout.batchSize',
  n_samples_per_prompt: 'rollout.samplesPerPrompt',
  prompt_max_len: 'rollout.maxPromptTokens',
  generate_max_len: 'rollout.maxResponseTokens',
  train_batch_size: 'training.minibatchSize',
  micro_train_batch_size: 'training.microbatchSize',
  micro_rollout_batch_size: 'training.microbatchSize',
  actor_learning_rate: 'training.actor.learningRate',
  critic_learning_rate: 'training.critic.learningRate',
  lr_scheduler: 'schedule',
  lr_warmup_ratio: 'warmupIterations',
  l2: 'weightDecay',
  max_norm: 'maxGradNorm',
  vllm_num_engines: 'roles.generation.replicas',
  actor_num_gpus_per_node: 'roles.actor.replicas',
  critic_num_gpus_per_node: 'roles.critic.replicas',
  ref_num_gpus_per_node: 'roles.reference.replicas',
  reward_num_gpus_per_node: 'roles.reward.replicas',
  colocate_all_models: 'placement.mode',
  eval_steps: 'evaluation.everyIterations',
  save_path: 'output.path',
  ckpt_path: 'checkpoint.path',
  save_steps: 'checkpoint.everyIterations',
  max_ckpt_num: 'checkpoint.keep',
  use_wandb: 'tracking.wandb',
  use_tensorboard: 'tracking.tensorboard',
};
const OTHER_WORDS: Readonly<Record<string, string>> = {
  lr: 'learningRate',
  gpus: 'resources.limits',
  numGpus: 'resources.limits',
  maxNewTokens: 'rollout.maxResponseTokens',
  maxTokens: 'rollout.maxResponseTokens',
};
const ENDS = new Map(Object.entries({ ...OPENRLHF_WORDS, ...OTHER_WORDS }).map(([word, end]) => [plain(word), end]));
/** Kubernetes' own templates have these layers; ours has what is in them. */
const TEMPLATE_LAYERS: readonly PropertyKey[] = ['template', 'metadata', 'spec'];

/** `train_batch_size`, `train-batch-size` and `trainBatchSize` are one word. */
function plain(word: string): string {
  return word.replaceAll(/[-_.]/g, '').toLowerCase();
}

/** The paths among `known` that the last key of `path` is probably for: the nearest ones alone. */
export function placesOf(path: FieldPath, known: readonly FieldPath[]): FieldPath[] {
  const word = plain(String(path.at(-1)));
  const end = ENDS.get(word);
  const isMeant = (other: FieldPath): boolean =>
    plain(String(other.at(-1))) === word || (end !== undefined && `.${other.join('.')}`.endsWith(`.${end}`));
  const meant = known.filter(isMeant).map((other) => ({ other, shared: sharedKeys(path, other) }));
  const most = Math.max(...meant.map(({ shared }) => shared));
  const near = meant.filter(({ shared }) => shared === most).map(({ other }) => other);
  const shortest = Math.min(...near.map(({ length }) => length));
  return near.filter(({ length }) => length === shortest);
}

function sharedKeys(a: FieldPath, b: FieldPath): number {
  const at = a.findIndex((key, i) => key !== b[i]);
  return at < 0 ? a.length : at;
}

/** What to do with a key that has no place. */
export function foreignRemedy(path: FieldPath): string {
  const [parent, key = ''] = path.slice(-2);
  if (parent === 'podTemplate' && TEMPLATE_LAYERS.includes(key)) return 'put what is in it right below podTemplate';
  const isOption = String(key).includes('_');
  return isOption ? "remove it; docs/migrating-from-openrlhf.md says what became of OpenRLHF's options" : 'remove it';
}
