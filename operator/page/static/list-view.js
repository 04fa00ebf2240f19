// The list of jobs.

import { h, redraw } from './dom.js';
import { formatNumber, formatPercent } from './format.js';
import { activity, age, alarming, badge, coarse, linkOf, progressBar, silence } from './job-parts.js';
import { spark } from './spark.js';

/** @typedef {import('../page-api.ts').Overview} Overview */
/** @typedef {import('../page-api.ts').JobSummary} JobSummary */

const COLUMNS = ['Job', 'State', 'Iterations', 'Score', 'KL', 'Accuracy', 'Tokens/s', 'Restarts', 'Age'];

export class ListView {
  element = h('section', { 'aria-labelledby': 'list-title' });
  title = 'PPO jobs';
  path = 'api/jobs';

  isPast() {
    return false;
  }

  /** @param {import('./connection.js').Answer} answer */
  update({ body, serverMs }) {
    const { jobs, numJobsLeftOut, host } = /** @type {Overview} */ (body);
    redraw(this.element, [jobs, numJobsLeftOut, coarse(serverMs)], () => [
      h('h1', { id: 'list-title' }, 'Jobs', h('span', { class: 'tally' }, tally(jobs))),
      jobs.length === 0 ? empty(host.jobsOf) : table(jobs, serverMs),
      numJobsLeftOut > 0 && h('p', { class: 'dim' }, `${numJobsLeftOut.toLocaleString('en')} older jobs are left out.`),
    ]);
    return host;
  }
}

/** @param {readonly JobSummary[]} jobs */
function tally(jobs) {
  const running = jobs.filter(({ condition }) => condition?.type === 'Running').length;
  return jobs.length === 0 ? '' : `${jobs.length} in all, ${running} running`;
}

/** @param {readonly string[] | null} namespaces */
function empty(namespaces) {
  const where = namespaces === null ? 'There are no jobs.' : `There are no jobs in namespace ${namespaces.join(', ')}.`;
  return h('p', { class: 'empty' }, where, ' ', h('code', {}, 'kubectl apply -f ppojob.yaml'), ' submits one.');
}

/** Roles are said in words: on a narrow screen the table is no table to the style sheet, but stays one to a reader. */
/** @param {readonly JobSummary[]} jobs @param {number} serverMs */
function table(jobs, serverMs) {
  return h(
    'table',
    { class: 'jobs', role: 'table' },
    h('caption', { class: 'unseen' }, 'Jobs, the newest first'),
    h(
      'thead',
      { role: 'rowgroup' },
      h('tr', { role: 'row' }, ...COLUMNS.map((title) => h('th', { scope: 'col', role: 'columnheader' }, title))),
    ),
    h('tbody', { role: 'rowgroup' }, ...jobs.map((job) => row(job, serverMs))),
  );
}

/** @param {JobSummary} job @param {number} serverMs */
function row(job, serverMs) {
  const silent = silence(job, serverMs);
  const id = `job ${job.namespace}/${job.name}`;
  const cells = [
    [badge(job), h('span', { class: 'under' }, silent ?? activity(job))],
    [progressBar(job)],
    [
      h('span', { class: 'figure' }, formatNumber(job.score)),
      spark(job.scores, `Score of ${job.name} over the iterations`),
    ],
    [formatNumber(job.kl)],
    [formatPercent(job.accuracy)],
    [formatNumber(job.tokensPerSecond)],
    [alarming(job.restarts + job.infrastructureRestarts)],
    [age(job.createdAt, serverMs)],
  ];
  return h(
    'tr',
    { role: 'row' },
    h(
      'th',
      { scope: 'row', role: 'rowheader' },
      h('a', { href: linkOf(job), id }, job.name),
      h('span', { class: 'under' }, job.namespace),
    ),
    ...cells.map((cell, i) => {
      const label = /** @type {string} */ (COLUMNS[i + 1]);
      return h('td', { role: 'cell', 'data-label': label, class: i >= 3 ? 'number' : '' }, ...cell);
    }),
  );
}
