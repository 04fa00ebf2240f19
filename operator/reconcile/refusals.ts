// Why a child can't be made: its name is taken, by somebody else or by what an earlier job left, or its namespace is going.
// And which of it is to be told. It refuses to know what is made.

import { NamespaceGoingError } from '../cluster/errors.ts';
import type { KubernetesObject } from '../cluster/objects.ts';
import { ownerKeyOf } from './ppojob-kind.ts';

/** Of an earlier job of the same name: the cluster is collecting it. */
class FormerChildError extends Error {}

/** Of the object that has the name of `wanted`, a child of a job, and is not of this job. */
export function nameTaken(stored: KubernetesObject, wanted: KubernetesObject): Error {
  const isFormer = ownerKeyOf(stored) === ownerKeyOf(wanted);
  if (isFormer) return new FormerChildError('there is still the one of an earlier job of this name');
  return new Error('there is one already, and it is not of this job');
}

/** Whether it is to be told. What an earlier job left goes by itself, and so does the job with its namespace. */
export function isNews(error: Error): boolean {
  return ![error, error.cause].some((one) => one instanceof FormerChildError || one instanceof NamespaceGoingError);
}
