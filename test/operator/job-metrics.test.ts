// Metrics of jobs: each job counted once by its stage, starts and replaced pods as they are told.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Registry } from 'prom-client';
import type { ConditionStatus } from '../../operator/cluster/objects.ts';
import { createJobObserver } from '../../operator/job-metrics.ts';
import { buildJob } from './reconcile/fixtures.ts';

function jobWith(...states: readonly [type: string, status: ConditionStatus][]) {
  const conditions = states.map(([type, status]) => ({
    ...{ type, status, reason: 'R', message: 'm', lastTransitionTime: '2026-01-01T00:00:00Z' },
  }));
  return { ...buildJob(), ...(conditions.length > 0 && { status: { conditions } }) };
}

it('counts every job once, by the latest stage that holds', async () => {
  const registry = new Registry();
  const observer = createJobObserver(registry);
  assert.doesNotMatch(await registry.metrics(), /ppo_operator_jobs\{/, 'nothing is known yet');
  const jobs = [
    jobWith(['Running', 'True'], ['Scheduled', 'True'], ['Accepted', 'True']),
    jobWith(['Scheduled', 'True'], ['Accepted', 'True'], ['Running', 'False']),
    jobWith(['Failed', 'True'], ['Accepted', 'True']),
    jobWith(['Accepted', 'False']),
    jobWith(),
  ];
  observer.onStart(() => jobs);
  const text = await registry.metrics();
  for (const line of [
    ...['condition="Running"} 1', 'condition="Scheduled"} 1', 'condition="Failed"} 1', 'condition="Accepted"} 0'],
    ...['condition="Invalid"} 1', 'condition="Pending"} 1', 'condition="Succeeded"} 0', 'condition="Suspended"} 0'],
  ]) {
    assert.ok(text.includes(`ppo_operator_jobs{${line}\n`), `${line} in\n${text}`);
  }
  jobs.splice(0);
  assert.match(await registry.metrics(), /ppo_operator_jobs\{condition="Running"\} 0\n/, 'jobs that have gone');
});

it('measures starts in seconds, and counts replaced pods by role and cause', async () => {
  const registry = new Registry();
  const observer = createJobObserver(registry);
  observer.onMilestone('scheduled', 1500);
  observer.onMilestone('running', 40_000);
  observer.onPodReplaced('actor', 'gang');
  observer.onPodReplaced('actor', 'gang');
  const text = await registry.metrics();
  for (const line of [
    'ppo_operator_job_scheduled_seconds_sum 1.5',
    'ppo_operator_job_running_seconds_bucket{le="30"} 0',
    'ppo_operator_job_running_seconds_bucket{le="60"} 1',
    'ppo_operator_restarts_total{role="actor",cause="gang"} 2',
    'ppo_operator_restarts_total{role="reward",cause="infrastructure"} 0',
  ]) {
    assert.ok(text.includes(`${line}\n`), `${line} in\n${text}`);
  }
});
