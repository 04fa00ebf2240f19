// Original file: coordinator.proto


export interface ProgressInput {
  /**
   * WaitingForWorkers | Starting | Generating | Scoring | Training | SyncingWeights | Evaluating | Checkpointing | Finished | Failed
   */
  'phase'?: (string);
  'message'?: (string);
  /**
   * iterations finished
   */
  'iteration'?: (number);
  'numIterations'?: (number);
  'policyVersion'?: (number);
  'elapsedSeconds'?: (number | string);
  /**
   * -1 while unknown
   */
  'remainingSeconds'?: (number | string);
  /**
   * tokens generated so far
   */
  'tokens'?: (number | string);
  /**
   * of the last rollout
   */
  'tokensPerSecond'?: (number | string);
  /**
   * of the last finished iteration, by names such as rollout/score, policy/kl
   */
  'metrics'?: ({[key: string]: number | string});
  /**
   * newest held-out exact match, 0..1
   */
  'accuracy'?: (number | string);
  'accuracyBefore'?: (number | string);
  /**
   * largest |rollout logprob - trainer logprob| of the job so far (parity)
   */
  'maxLogprobDifference'?: (number | string);
  'lastCheckpointIteration'?: (number);
  'epoch'?: (number);
  '_accuracy'?: "accuracy";
  '_accuracyBefore'?: "accuracyBefore";
}

export interface Progress {
  /**
   * WaitingForWorkers | Starting | Generating | Scoring | Training | SyncingWeights | Evaluating | Checkpointing | Finished | Failed
   */
  'phase': (string);
  'message': (string);
  /**
   * iterations finished
   */
  'iteration': (number);
  'numIterations': (number);
  'policyVersion': (number);
  'elapsedSeconds': (number);
  /**
   * -1 while unknown
   */
  'remainingSeconds': (number);
  /**
   * tokens generated so far
   */
  'tokens': (number);
  /**
   * of the last rollout
   */
  'tokensPerSecond': (number);
  /**
   * of the last finished iteration, by names such as rollout/score, policy/kl
   */
  'metrics': ({[key: string]: number});
  /**
   * newest held-out exact match, 0..1
   */
  'accuracy'?: (number);
  'accuracyBefore'?: (number);
  /**
   * largest |rollout logprob - trainer logprob| of the job so far (parity)
   */
  'maxLogprobDifference': (number);
  'lastCheckpointIteration': (number);
  'epoch': (number);
  '_accuracy'?: "accuracy";
  '_accuracyBefore'?: "accuracyBefore";
}
