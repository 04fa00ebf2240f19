/**
 * Rules between fields of a PPOJob's spec, which no single field's schema can hold, each with its twin in CEL for the
 * API server. Each names the fields it reads, so that it is left out while one of them is wrong by itself. Knows no
 * cluster and no files.
 */
import { type CelRule, pathSegments, sameStart } from './cel.ts';
import { PLACEMENT_CHECKS } from './placement-checks.ts';
import type { PPOJobSpec } from './ppojob.ts';
import { describeValue, type Problem } from './problems.ts';

export interface CrossCheck {
  /** Paths below spec; the first one is where a problem is reported. */
  readonly fields: readonly [string, ...string[]];
  readonly check: (spec: PPOJobSpec) => Omit<Problem, 'path'> | null;
  /** The same check on a spec with the schema's defaults (`self`). */
  readonly cel: Pick<CelRule, 'rule' | 'message'>;
}

/** The largest divisor of `value` that isn't above `limit`. */
function largestDivisor(value: number, limit: number): number {
  for (let divisor = Math.min(value, limit); divisor > 1; divisor--) if (value % divisor === 0) return divisor;
  return 1;
}

const minibatchDividesRollout: CrossCheck = {
  fields: ['training.minibatchSize', 'rollout.batchSize', 'rollout.samplesPerPrompt'],
  cel: {
    rule: '(self.rollout.batchSize * self.rollout.samplesPerPrompt) % self.training.minibatchSize == 0',
    message: 'must divide rollout.batchSize * rollout.samplesPerPrompt, the responses of an iteration',
  },
  check({ training, rollout }) {
    const responses = rollout.batchSize * rollout.samplesPerPrompt;
    if (responses % training.minibatchSize === 0) return null;
    return {
      found: describeValue(training.minibatchSize),
      rule: `must divide rollout.batchSize * rollout.samplesPerPrompt = ${responses}, the responses of an iteration`,
      remedy: `use ${largestDivisor(responses, training.minibatchSize)}, or change the rollout's size`,
    };
  },
};

function microbatchFits(role: 'actor' | 'critic'): CrossCheck {
  return {
    fields: ['training.microbatchSize', 'training.minibatchSize', `roles.${role}.replicas`],
    cel: {
      rule: `self.training.minibatchSize % (self.roles.${role}.replicas * self.training.microbatchSize) == 0`,
      message:
        `times roles.${role}.replicas must divide training.minibatchSize, ` +
        'so that every rank gets the same number of full microbatches',
    },
    check({ training, roles }) {
      const { replicas } = roles[role];
      // Said once where both roles have the same number of ranks.
      if (role === 'critic' && replicas === roles.actor.replicas) return null;
      if (training.minibatchSize % (replicas * training.microbatchSize) === 0) return null;
      const perRank = training.minibatchSize / replicas;
      const remedy = Number.isInteger(perRank)
        ? `use ${largestDivisor(perRank, training.microbatchSize)}, or change training.minibatchSize`
        : `make training.minibatchSize a multiple of ${replicas}, or change roles.${role}.replicas`;
      return {
        found: describeValue(training.microbatchSize),
        rule:
          `times roles.${role}.replicas (${replicas}) must divide training.minibatchSize (${training.minibatchSize}), ` +
          'so that every rank gets the same number of full microbatches',
        remedy,
      };
    },
  };
}

const exactlyOneRewardSource: CrossCheck = {
  fields: ['reward'],
  cel: {
    rule: 'has(self.reward.model) != has(self.reward.function)',
    message: 'must have exactly one source of scores: model or function',
  },
  check({ reward }) {
    const isModel = reward.model !== undefined;
    if (isModel !== (reward.function !== undefined)) return null;
    return {
      found: isModel ? 'model and function' : 'neither model nor function',
      rule: 'must have exactly one source of scores: model or function',
      remedy: isModel
        ? 'remove one of them'
        : 'name a reward model (model.path), or a module with a function that scores (function.path)',
    };
  },
};

const rewardClipRangeOrder: CrossCheck = {
  fields: ['reward.clipRange'],
  cel: {
    rule: 'double(self.reward.clipRange[0]) < double(self.reward.clipRange[1])',
    message: 'must be [lowest, highest], the lowest below the highest',
  },
  check({ reward }) {
    const [low, high] = reward.clipRange;
    if (Number(low) < Number(high)) return null;
    return {
      found: describeValue(reward.clipRange),
      rule: 'must be [lowest, highest], the lowest below the highest',
      remedy: Number(low) === Number(high) ? 'widen the range' : `swap them: ["${high}", "${low}"]`,
    };
  },
};

const klEstimatorFitsPlacement: CrossCheck = {
  fields: ['algorithm.kl.estimator', 'algorithm.kl.placement'],
  cel: {
    rule: "(self.algorithm.kl.placement == 'reward') == (self.algorithm.kl.estimator == 'k1')",
    message: 'must be k1 if algorithm.kl.placement is reward, and k2 or k3 if it is loss',
  },
  check({ algorithm: { kl } }) {
    const found = describeValue(kl.estimator);
    if (kl.placement === 'reward' && kl.estimator !== 'k1') {
      return {
        found,
        rule: 'must be k1 if placement is reward: only its mean over responses has the gradient of the KL',
        remedy: `use k1, or set algorithm.kl.placement to loss to keep ${kl.estimator}`,
      };
    }
    if (kl.placement === 'loss' && kl.estimator === 'k1') {
      return {
        found,
        rule: 'must be k2 or k3 if placement is loss: the gradient of k1 is zero on average',
        remedy: 'use k2 or k3, or set algorithm.kl.placement to reward to keep k1',
      };
    }
    return null;
  },
};

const klTargetNeedsCoef: CrossCheck = {
  fields: ['algorithm.kl.target', 'algorithm.kl.coef'],
  cel: {
    rule: '!has(self.algorithm.kl.target) || double(self.algorithm.kl.coef) > 0.0',
    message: 'needs algorithm.kl.coef above 0: the adaptive controller multiplies it',
  },
  check({ algorithm: { kl } }) {
    if (kl.target === undefined || Number(kl.coef) > 0) return null;
    return {
      found: describeValue(kl.target),
      rule: 'needs algorithm.kl.coef above 0: the adaptive controller multiplies it',
      remedy: 'give algorithm.kl.coef a value to start from, such as "0.01", or remove the target',
    };
  },
};

const klTargetNeedsReward: CrossCheck = {
  fields: ['algorithm.kl.target', 'algorithm.kl.placement'],
  cel: {
    rule: "!has(self.algorithm.kl.target) || self.algorithm.kl.placement == 'reward'",
    message: 'needs algorithm.kl.placement reward: the coefficient of a KL in the loss is fixed',
  },
  check({ algorithm: { kl } }) {
    if (kl.target === undefined || kl.placement === 'reward') return null;
    return {
      found: describeValue(kl.target),
      rule: 'needs algorithm.kl.placement reward: the coefficient of a KL in the loss is fixed',
      remedy: 'remove the target, or set algorithm.kl.placement to reward',
    };
  },
};

function withinIterations(path: string, read: (spec: PPOJobSpec) => number): CrossCheck {
  return {
    fields: [path, 'algorithm.numIterations'],
    cel: {
      rule: `self.${path} < self.algorithm.numIterations`,
      message: 'must be below algorithm.numIterations',
    },
    check(spec) {
      const { numIterations } = spec.algorithm;
      if (read(spec) < numIterations) return null;
      return {
        found: describeValue(read(spec)),
        rule: `must be below algorithm.numIterations = ${numIterations}`,
        remedy: `use at most ${numIterations - 1}, or more iterations`,
      };
    },
  };
}

/** The names on the way of a path. `..` stays: with symbolic links, a/../b need not be b. */
function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function isSamePath(a: string, b: string): boolean {
  return a.startsWith('/') === b.startsWith('/') && namesOf(a).join('/') === namesOf(b).join('/');
}

const evaluationIsHeldOut: CrossCheck = {
  fields: ['dataset.evaluation.path', 'dataset.train.path'],
  cel: {
    rule:
      '!has(self.dataset.evaluation) || ' +
      `!(${sameStart('self.dataset.evaluation.path', 'self.dataset.train.path')}) || ` +
      `${pathSegments('self.dataset.evaluation.path')} != ${pathSegments('self.dataset.train.path')}`,
    message: 'must be another file than dataset.train.path: accuracy is measured on prompts never trained on',
  },
  check({ dataset }) {
    if (dataset.evaluation === undefined) return null;
    if (!isSamePath(dataset.evaluation.path, dataset.train.path)) return null;
    return {
      found: describeValue(dataset.evaluation.path),
      rule: 'must be another file than dataset.train.path: accuracy is measured on prompts never trained on',
      remedy: 'name a file of held-out prompts, or remove dataset.evaluation',
    };
  },
};

function modelIsNotOverwritten(model: 'actor' | 'critic' | 'reference'): CrossCheck {
  const path = `self.models.${model}.path`;
  return {
    fields: [`models.${model}.path`, 'output.path'],
    cel: {
      rule:
        (model === 'reference' ? '!has(self.models.reference) || ' : '') +
        `!(${sameStart(path, 'self.output.path')}) || ` +
        `${pathSegments(path)} != ${pathSegments('self.output.path')} + ['actor']`,
      message: 'must not be the folder that the trained actor is saved to, output.path/actor',
    },
    check({ models, output }) {
      // Said once of the actor, which is the reference where none is named.
      if (model === 'reference' && models.reference.path === models.actor.path) return null;
      if (!isSamePath(models[model].path, `${output.path}/actor`)) return null;
      return {
        found: describeValue(models[model].path),
        rule: 'must not be the folder that the trained actor is saved to, output.path/actor',
        remedy: 'choose another output.path',
      };
    },
  };
}

const heartbeatWithinRendezvous: CrossCheck = {
  fields: ['deadlines.heartbeatSeconds', 'deadlines.rendezvousSeconds'],
  cel: {
    rule: 'self.deadlines.heartbeatSeconds < self.deadlines.rendezvousSeconds',
    message: 'must be below deadlines.rendezvousSeconds, so that a lost worker is noticed before the wait for it ends',
  },
  check({ deadlines }) {
    if (deadlines.heartbeatSeconds < deadlines.rendezvousSeconds) return null;
    return {
      found: describeValue(deadlines.heartbeatSeconds),
      rule: `must be below deadlines.rendezvousSeconds = ${deadlines.rendezvousSeconds}, so that a lost worker is noticed before the wait for it ends`,
      remedy: 'lower it, or raise deadlines.rendezvousSeconds',
    };
  },
};

export const CROSS_CHECKS: readonly CrossCheck[] = [
  minibatchDividesRollout,
  microbatchFits('actor'),
  microbatchFits('critic'),
  exactlyOneRewardSource,
  rewardClipRangeOrder,
  klEstimatorFitsPlacement,
  klTargetNeedsCoef,
  klTargetNeedsReward,
  withinIterations('algorithm.criticWarmupIterations', (spec) => spec.algorithm.criticWarmupIterations),
  withinIterations('training.actor.warmupIterations', (spec) => spec.training.actor.warmupIterations),
  withinIterations('training.critic.warmupIterations', (spec) => spec.training.critic.warmupIterations),
  evaluationIsHeldOut,
  modelIsNotOverwritten('actor'),
  modelIsNotOverwritten('critic'),
  modelIsNotOverwritten('reference'),
  heartbeatWithinRendezvous,
  ...PLACEMENT_CHECKS,
];

/** Whether `inner` is `outer` or lies below it. */
function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
}

/** Runs all checks but those that read a field above or below which `wrongPaths` (below spec) already has a problem. */
export function runCrossChecks(spec: PPOJobSpec, wrongPaths: readonly string[]): Problem[] {
  const isWrong = (field: string) => wrongPaths.some((wrong) => isWithin(wrong, field) || isWithin(field, wrong));
  return CROSS_CHECKS.flatMap(({ fields, check }) => {
    if (fields.some(isWrong)) return [];
    const problem = check(spec);
    return problem === null ? [] : [{ path: `spec.${fields[0]}`, ...problem }];
  });
}
