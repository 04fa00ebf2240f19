/** The table of all jobs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderJobs } from '../../../operator/kubectl/jobs-table.ts';
import { formatAge } from '../../../operator/kubectl/table.ts';
import { PROGRESS } from '../local/fixtures/views.ts';
import { condition, NOW_MS, storedJob } from './builders.ts';

const running = condition('Running', 'True', 'PodsReady');
const metrics = { 'rollout/score': '1.25', 'policy/kl': '0.01' };
const roles = { generation: { desired: 2, ready: 1, restarts: 1 }, actor: { desired: 1, ready: 1, restarts: 0 } };
const JOBS = [
  storedJob({ conditions: [running], progress: { ...PROGRESS, metrics }, roles, restarts: 1 }),
  storedJob(undefined, { name: 'fresh' }),
  storedJob({ conditions: [condition('Accepted', 'False', 'Invalid')] }, { name: 'wrong', namespace: 'a' }),
  storedJob({ conditions: [running] }, { name: 'leaving', deletionTimestamp: 'now' }),
];

test('jobs by name, each with how far it is', () => {
  assert.equal(
    renderJobs(JOBS, { nowMs: NOW_MS, hasNamespaces: true }),
    `NAMESPACE   NAME      STATUS        ITERATION   SCORE   KL       TOKENS/S   READY   RESTARTS   LEFT         AGE
a           wrong     NotAccepted   -           -       -        -          -       0          -            60m
ml          fresh     Pending       -           -       -        -          -       0          -            60m
ml          leaving   Deleting      -           -       -        -          -       0          -            60m
ml          tiny      Running       12/40       1.250   0.0100   812.4      2/3     1          2 min 20 s   60m
`,
  );
  assert.match(renderJobs(JOBS, { nowMs: NOW_MS, hasNamespaces: false }), /^NAME /);
});

test('ages', () => {
  assert.deepEqual([0, 119, 120, 7199, 7200, 11_520, 172_799, 172_800].map(formatAge), [
    ...['0s', '119s', '2m', '119m', '2h', '3h12m', '47h59m', '2d'],
  ]);
});
