/** What follows from failures and the end of a job: defaults that suit most, and rules that say what they are for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobWith, problemsWith } from './manifest.ts';

const found = (changes: Readonly<Record<string, unknown>>) =>
  problemsWith(changes).map((problem) => `${problem.path} ${problem.rule}`);

test('left out, nothing is limited beyond the roles, and pods that have ended stay', () => {
  const { spec } = jobWith();
  assert.deepEqual(
    [spec.cleanPodPolicy, spec.backoffLimit, spec.ttlSecondsAfterFinished, spec.activeDeadlineSeconds, spec.suspend],
    ['Running', undefined, undefined, undefined, false],
  );
  assert.deepEqual(spec.failurePolicy, { rules: [], unstartableSeconds: 60, unschedulableSeconds: 3600 });
});

test('rules are kept in their order', () => {
  const rules = [
    { roles: ['actor', 'critic'], exitCodes: [0, 255], action: 'RestartRole' },
    { reasons: ['OOMKilled'], podConditions: ['DisruptionTarget'], action: 'FailJob' },
    { action: 'Ignore' },
  ];
  assert.deepEqual(jobWith({ 'spec.failurePolicy.rules': rules }).spec.failurePolicy.rules, rules);
});

test('what is wrong with a rule is found where it stands', () => {
  const rules = [
    { action: 'Restart' },
    { action: 'Ignore', roles: ['worker'], exitCodes: [256, '1'] },
    { action: 'Ignore', reasons: [], podConditions: [''], when: 1 },
    {},
  ];
  assert.deepEqual(found({ 'spec.failurePolicy.rules': rules }), [
    'spec.failurePolicy.rules[2].when must be a known key of spec.failurePolicy.rules[2]: ' +
      'roles, exitCodes, exitCodesNotIn, reasons, podConditions, action',
    'spec.failurePolicy.rules[0].action must be one of RestartPod, RestartRole, RestartJob, FailJob, Ignore',
    'spec.failurePolicy.rules[1].roles[0] must be one of coordinator, actor, critic, generation, reference, reward',
    'spec.failurePolicy.rules[1].exitCodes[0] must be a whole number from 0 to 255',
    'spec.failurePolicy.rules[1].exitCodes[1] must be a whole number from 0 to 255',
    'spec.failurePolicy.rules[2].reasons must have at least 1 items',
    'spec.failurePolicy.rules[2].podConditions[0] must not be empty',
    'spec.failurePolicy.rules[3].action must be one of RestartPod, RestartRole, RestartJob, FailJob, Ignore',
  ]);
});

test('a misspelt action names the likeliest one', () => {
  const [problem] = problemsWith({ 'spec.failurePolicy.rules': [{ action: 'RestartRoles' }] });
  assert.equal(problem?.remedy, 'did you mean RestartRole?');
});

test('limits are whole numbers, and may be 0', () => {
  const zero = {
    'spec.ttlSecondsAfterFinished': 0,
    'spec.backoffLimit': 0,
    'spec.failurePolicy.unstartableSeconds': 0,
  };
  assert.deepEqual(found(zero), []);
  assert.deepEqual(found({ 'spec.ttlSecondsAfterFinished': -1, 'spec.backoffLimit': '3' }), [
    'spec.ttlSecondsAfterFinished must be a whole number from 0 to 2147483647',
    'spec.backoffLimit must be a whole number from 0 to 10000',
  ]);
});
