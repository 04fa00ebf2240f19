/** The settings of a job that people compare runs by: what is learned, from what, and how. Knows no tracker. */
import type { JobConfig } from '../../api/job-config.ts';

type Setting = number | string | boolean;

/** Without what has no part in the result: names, folders that are written, deadlines. */
export function settingsOf(config: JobConfig): Readonly<Record<string, unknown>> {
  const {
    job: _job,
    checkpoint: _checkpoint,
    output: _output,
    tracking: _tracking,
    deadlines: _deadlines,
    ...rest
  } = config;
  return rest;
}

/** `training.actor.learningRate` -> 0.001; what is null or a list of settings is written as JSON. */
export function flattenSettings(value: unknown, path = '', into = new Map<string, Setting>()): Map<string, Setting> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, child] of Object.entries(value))
      flattenSettings(child, path === '' ? key : `${path}.${key}`, into);
    return into;
  }
  const isPlain = typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean';
  return into.set(path, isPlain ? value : JSON.stringify(value));
}
