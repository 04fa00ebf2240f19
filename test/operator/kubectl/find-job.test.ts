/** A job by its name, and what is said where there is none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NotFoundError } from '../../../operator/cluster/errors.ts';
import { findJob, listJobs } from '../../../operator/kubectl/find-job.ts';
import { UserError } from '../../../operator/kubectl/session.ts';
import { FakeSession } from './fake-session.ts';

test('a cluster that does not know the kind is told of with what to do', async () => {
  const { session } = new FakeSession();
  const refuse = (): Promise<never> => Promise.reject(new NotFoundError('page not found'));
  const cluster = { ...session.cluster, get: refuse, list: refuse };
  const isHelpful = (error: unknown): boolean =>
    error instanceof UserError && /does not know PPOJobs: install ppo-operator.* or .*--context/.test(error.message);
  await assert.rejects(listJobs({ cluster, namespace: null }), isHelpful);
  await assert.rejects(findJob({ cluster, namespace: 'ml' }, 'tiny'), isHelpful);
});

test('a name that no job has leads to those that there are', async () => {
  const { session } = new FakeSession();
  await assert.rejects(findJob(session, 'tiny'), /no PPOJob "tiny" in namespace ml, nor any other; --namespace/);
});
