// What the list and the view of one job draw alike: condition, progress, ages. Texts of a job may be anybody's: they only
// ever become text.

import { h } from './dom.js';
import { formatAge, formatDuration } from './format.js';

/** @typedef {import('../page-api.ts').JobSummary} JobSummary */

/** One that is reached is heard at least every two minutes: a silent stream is opened anew, and begins with the newest state. */
const SILENT_MS = 300_000;
/** @type {Record<string, string>} */
const TONES = {
  Running: 'good',
  Succeeded: 'good',
  Failed: 'bad',
  Suspended: 'dim',
  Scheduled: 'wait',
  Accepted: 'wait',
};

/** @param {JobSummary} job */
export function conditionName({ condition }) {
  if (condition === null) return 'Pending';
  return condition.type === 'Accepted' && condition.status === 'False' ? 'Refused' : condition.type;
}

/** @param {JobSummary} job */
export function badge(job) {
  const name = conditionName(job);
  const tone = name === 'Refused' ? 'bad' : (TONES[name] ?? 'wait');
  return h('span', { class: `badge ${tone}` }, name);
}

/** @param {JobSummary} job */
export function progressBar({ name, iteration, numIterations }) {
  if (numIterations === 0) return h('span', { class: 'dim' }, '–');
  const label = `${iteration.toLocaleString('en')} of ${numIterations.toLocaleString('en')}`;
  return h(
    'span',
    { class: 'progress' },
    h('progress', { value: iteration, max: numIterations, 'aria-label': `Iterations of ${name}` }, label),
    h('span', { class: 'count' }, label),
  );
}

/** What the job does now, in a word. @param {JobSummary} job */
export function activity(job) {
  if (job.isEnded || job.phase === null || job.condition?.type !== 'Running') return '';
  return /** @type {Record<string, string>} */ (PHASES)[job.phase] ?? job.phase;
}

const PHASES = {
  WaitingForWorkers: 'waits for workers',
  Starting: 'starting',
  Generating: 'generating',
  Scoring: 'scoring',
  Training: 'training',
  SyncingWeights: 'syncing weights',
  Evaluating: 'evaluating',
  Checkpointing: 'writing a checkpoint',
  Finished: 'finished',
  Failed: 'failed',
};

/** A warning where a running job has said nothing for long. @param {JobSummary} job @param {number} serverMs */
export function silence({ condition, heardAt }, serverMs) {
  if (condition?.type !== 'Running' || heardAt === null) return null;
  const silentMs = serverMs - Date.parse(heardAt);
  if (silentMs < SILENT_MS) return null;
  return `no word from the coordinator for ${formatDuration(silentMs / 1000)}`;
}

/** Time since `iso`, which grows on the page. @param {string | null} iso @param {number} serverMs */
export function age(iso, serverMs) {
  if (iso === null || iso === '') return h('span', { class: 'dim' }, '–');
  const atMs = Date.parse(iso);
  const title = new Date(atMs).toLocaleString();
  return h('time', { datetime: iso, title }, formatAge((serverMs - atMs) / 1000));
}

/** How long the job has run, or ran. @param {JobSummary} job @param {number} serverMs */
export function duration({ startedAt, endedAt }, serverMs) {
  if (startedAt === null) return '–';
  return formatDuration(((endedAt === null ? serverMs : Date.parse(endedAt)) - Date.parse(startedAt)) / 1000);
}

/** The time now, coarse enough that what is drawn from it isn't drawn anew all the time. @param {number} serverMs */
export function coarse(serverMs) {
  return Math.floor(serverMs / 10_000) * 10_000;
}

/** @param {JobSummary} job */
export function linkOf({ namespace, name }) {
  return `#/jobs/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}

/** A count that is worth a look unless it is 0. @param {number} count */
export function alarming(count) {
  return h('span', { class: count > 0 ? 'alarm' : 'dim' }, count.toLocaleString('en'));
}
