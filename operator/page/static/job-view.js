// One job: how it stands, its curves, where its time goes, its pods, events and manifest.

import { ChartsView } from './charts-view.js';
import { ask } from './connection.js';
import { h, redraw } from './dom.js';
import { formatDuration, formatNumber, formatPercent } from './format.js';
import { activity, age, alarming, badge, coarse, duration, progressBar, silence } from './job-parts.js';
import { drawPhases } from './phases.js';

/** @typedef {import('../page-api.ts').JobDetail} JobDetail */
/** @typedef {import('../page-api.ts').FiguresView} FiguresView */
/** @typedef {import('../page-api.ts').RoleDetail} RoleDetail */

export class JobView {
  /** @param {string} namespace @param {string} name */
  constructor(namespace, name) {
    this.title = `${name} · PPO jobs`;
    this.path = `api/jobs/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
    this.name = name;
    this.head = h('div', { class: 'head' });
    this.trouble = h('div');
    this.charts = new ChartsView();
    this.curves = section('Curves', this.charts.element);
    this.phases = h('div');
    this.roles = h('div');
    this.conditions = h('div');
    this.events = h('div');
    this.manifest = h('div');
    this.element = h(
      'article',
      {},
      ...[this.head, this.trouble, this.curves],
      h(
        'div',
        { class: 'columns' },
        section('Time of an iteration', this.phases),
        section('Conditions', this.conditions),
      ),
      ...[section('Roles and pods', this.roles), section('Events', this.events), section('Manifest', this.manifest)],
    );
    /** @type {string | null} */
    this.figuresRevision = null;
    /** Of the job that is shown; null where there is none, undefined before the first answer. @type {string | null | undefined} */
    this.uid = undefined;
  }

  /**
   * Whether the job that is shown is gone, is back, or is another one of its name now: nothing of it may stay.
   * @param {import('./connection.js').Answer} answer
   */
  isPast({ status, body }) {
    const before = this.uid;
    this.uid = status === 404 ? null : /** @type {JobDetail} */ (body).summary.uid;
    return before !== undefined && before !== this.uid;
  }

  /** @param {import('./connection.js').Answer} answer */
  update({ status, body, serverMs }) {
    if (status === 404) {
      this.element.replaceChildren(
        h('h1', {}, this.name),
        h('p', { class: 'empty' }, 'This job is gone, or never was.'),
      );
      return null;
    }
    const job = /** @type {JobDetail} */ (body);
    const time = coarse(serverMs);
    redraw(this.head, [job.summary, job.message, job.tokens, time], () => drawHead(job, serverMs));
    redraw(this.trouble, [job.lastFailure, job.summary.condition, job.summary.heardAt, time], () =>
      drawTrouble(job, serverMs),
    );
    redraw(this.roles, [job.roles, job.lastFailure, time], () => drawRoles(job.roles, serverMs));
    redraw(this.conditions, [job.conditions, time], () => drawConditions(job.conditions, serverMs));
    redraw(this.events, [job.events, job.eventsProblem, time], () => drawEvents(job, serverMs));
    redraw(this.manifest, job.manifest, () => drawManifest(job.manifest));
    void this.readFigures(job);
    return job.host;
  }

  /** Curves are large, and only another one with every iteration. @param {JobDetail} job */
  async readFigures(job) {
    const { figuresRevision, accuracyBefore } = job;
    if (figuresRevision === null) {
      if (this.figuresRevision === null) this.showNoFigures(job);
      return;
    }
    if (this.figuresRevision === figuresRevision) return;
    const before = this.figuresRevision;
    this.figuresRevision = figuresRevision;
    try {
      const { body, status } = await ask(`${this.path}/figures`);
      if (status === 404) return;
      const { series } = /** @type {FiguresView} */ (body);
      if (series.length === 0) return this.showNoFigures(job);
      this.charts.update(series, accuracyBefore);
      redraw(
        this.phases,
        series.filter(({ name }) => name.startsWith('timing/')),
        () => drawPhases(series),
      );
    } catch {
      // The connection, which asks for the job all the time, says what is wrong. The next answer tries again.
      this.figuresRevision = before;
    }
  }

  /** @param {JobDetail} job */
  showNoFigures(job) {
    const text = whyNoFigures(job);
    for (const element of [this.phases, this.charts.element])
      redraw(element, text, () => [h('p', { class: 'empty' }, text)]);
  }
}

/** @param {JobDetail} job */
function whyNoFigures({ host, summary }) {
  if (host.mode === 'following') return 'The operator that leads has the curves.';
  if (summary.iteration === 0) return 'No iteration is finished yet.';
  return 'The curves are not known: this operator is newer than they are, and a coordinator tells them only while it runs.';
}

/** @param {string} title @param {...Node} content */
function section(title, ...content) {
  const id = `section-${title.toLowerCase().replaceAll(' ', '-')}`;
  return h('section', { 'aria-labelledby': id }, h('h2', { id }, title), ...content);
}

/** @param {JobDetail} job @param {number} serverMs */
function drawHead(
  { summary, message, tokens, policyVersion, accuracyBefore, maxLogprobDifference, checkpoint },
  serverMs,
) {
  const isUnderWay = !summary.isEnded && summary.condition?.type !== 'Suspended';
  const from = accuracyBefore === null ? '' : `from ${formatPercent(accuracyBefore)}`;
  const left =
    isUnderWay && summary.remainingSeconds !== null ? `${formatDuration(summary.remainingSeconds)} left` : '';
  return [
    h('p', { class: 'crumbs' }, h('a', { href: '#/', id: 'back' }, 'Jobs'), ` / ${summary.namespace}`),
    h(
      'h1',
      {},
      summary.name,
      badge(summary),
      h('span', { class: 'activity' }, isUnderWay && (message || activity(summary))),
    ),
    progressBar(summary),
    h(
      'dl',
      { class: 'facts' },
      fact('Score', formatNumber(summary.score)),
      fact('KL', formatNumber(summary.kl)),
      fact('Accuracy', formatPercent(summary.accuracy), from),
      fact('Tokens/s', formatNumber(summary.tokensPerSecond), tokens === null ? '' : `${formatNumber(tokens)} in all`),
      fact('Time', duration(summary, serverMs), left),
      fact('Policy', policyVersion === null ? '–' : `version ${policyVersion}`),
      fact('Parity', formatNumber(maxLogprobDifference), 'largest logprob difference'),
      fact(
        'Checkpoint',
        checkpoint === null ? 'none yet' : `iteration ${checkpoint.iteration}`,
        checkpoint?.path ?? '',
      ),
    ),
  ];
}

/** @param {string} name @param {string} value @param {string} [more] */
function fact(name, value, more = '') {
  return h(
    'div',
    {},
    h('dt', {}, name),
    h('dd', {}, value),
    more !== '' && h('dd', { class: 'more', title: more }, more),
  );
}

/** @param {JobDetail} job @param {number} serverMs */
function drawTrouble({ summary, lastFailure }, serverMs) {
  const { condition } = summary;
  const isBad =
    condition !== null &&
    (condition.type === 'Failed' || (condition.type === 'Accepted' && condition.status === 'False'));
  const silent = silence(summary, serverMs);
  return [
    isBad && notice('bad', condition.reason, condition.message),
    silent !== null && notice('wait', 'Silent', `${silent}: it may be stuck, or unreachable from the operator`),
    lastFailure !== null &&
      !isBad &&
      notice(
        'wait',
        `Last failure: ${lastFailure.pod}`,
        `exit code ${lastFailure.exitCode}${lastFailure.cause === null ? '' : `, ${lastFailure.cause.toLowerCase()}`}\n${lastFailure.message}`,
      ),
  ];
}

/** @param {string} tone @param {string} title @param {string} text */
function notice(tone, title, text) {
  return h('div', { class: `notice ${tone}` }, h('strong', {}, title), h('pre', {}, text));
}

/** @type {Record<string, string>} */
const POD_TONES = { Ready: 'good', Starting: 'wait', Stopping: 'wait', Waiting: 'dim', Ended: 'dim', Failed: 'bad' };

/** @param {readonly RoleDetail[]} roles @param {number} serverMs */
function drawRoles(roles, serverMs) {
  return [
    table(
      'Roles and their pods',
      ['Role', 'Ready', 'Restarts', 'Pod', 'State', 'Node', 'Age'],
      roles.flatMap((role) => {
        const count = Math.max(1, role.pods.length);
        const head = [
          h('th', { scope: 'rowgroup', rowspan: count }, role.role),
          h('td', { class: 'number', rowspan: count }, `${role.ready} of ${role.desired}`),
          h('td', { class: 'number', rowspan: count }, ...restarts(role, serverMs)),
        ];
        if (role.pods.length === 0) return [h('tr', {}, ...head, h('td', { colspan: 4, class: 'dim' }, 'no pod'))];
        return role.pods.map((pod, i) => h('tr', {}, ...(i === 0 ? head : []), ...podCells(pod, serverMs)));
      }),
    ),
  ];
}

/** @param {RoleDetail} role @param {number} serverMs */
function restarts({ restarts: count, infrastructureRestarts, backoffUntil }, serverMs) {
  return [
    alarming(count),
    infrastructureRestarts > 0 && h('span', { class: 'under' }, `and ${infrastructureRestarts} taken away`),
    backoffUntil !== null &&
      Date.parse(backoffUntil) > serverMs &&
      h('span', { class: 'under' }, `waits until ${new Date(backoffUntil).toLocaleTimeString()}`),
  ];
}

/** @param {RoleDetail['pods'][number]} pod @param {number} serverMs */
function podCells({ name, state, sidecars, message, node, startedAt }, serverMs) {
  return [
    h('td', {}, h('code', {}, name), message !== '' && h('span', { class: 'under' }, message)),
    h(
      'td',
      {},
      h('span', { class: `state ${POD_TONES[state]}` }, state),
      ...sidecars.map((sidecar) => {
        const times = sidecar.restarts === 0 ? '' : `, restarts ${sidecar.restarts}`;
        return h('span', { class: `state ${sidecar.isReady ? 'good' : 'dim'}` }, `${sidecar.name}${times}`);
      }),
    ),
    h('td', {}, node ?? '–'),
    h('td', { class: 'number' }, age(startedAt, serverMs)),
  ];
}

/** @param {JobDetail['conditions']} conditions @param {number} serverMs */
function drawConditions(conditions, serverMs) {
  if (conditions.length === 0) return [h('p', { class: 'empty' }, 'The operator has not looked at this job yet.')];
  return [
    table(
      'Conditions',
      ['Condition', 'Status', 'Reason', 'Since'],
      conditions.map(({ type, status, reason, message, since }) =>
        h(
          'tr',
          {},
          h('th', { scope: 'row' }, type),
          h('td', {}, h('span', { class: status === 'True' ? '' : 'dim' }, status)),
          h('td', {}, reason, h('span', { class: 'under' }, message.split('\n')[0])),
          h('td', { class: 'number' }, age(since, serverMs)),
        ),
      ),
    ),
  ];
}

/** @param {JobDetail} job @param {number} serverMs */
function drawEvents({ events, eventsProblem }, serverMs) {
  return [
    eventsProblem !== null && notice('wait', 'Events can’t be read', eventsProblem),
    events.length === 0 &&
      eventsProblem === null &&
      h('p', { class: 'empty' }, 'There are no events; a cluster forgets them after an hour.'),
    events.length > 0 &&
      table(
        'Events, the newest first',
        ['Last seen', 'Type', 'Reason', 'About', 'Message'],
        events.map((event) =>
          h(
            'tr',
            {},
            h(
              'td',
              { class: 'number' },
              age(event.lastAt, serverMs),
              event.count > 1 && h('span', { class: 'under' }, `${event.count} times`),
            ),
            h('td', {}, h('span', { class: event.type === 'Warning' ? 'alarm' : 'dim' }, event.type)),
            h('td', {}, event.reason),
            h('td', {}, event.about),
            h('td', { class: 'long' }, event.message),
          ),
        ),
      ),
  ];
}

/** @param {string} manifest */
function drawManifest(manifest) {
  return [
    h(
      'details',
      {},
      h('summary', {}, 'As it was asked for; values of environment variables are hidden'),
      h('pre', { class: 'code', tabindex: 0 }, manifest),
    ),
  ];
}

/** Wide tables scroll in themselves; whoever has no pointer scrolls them with the keys. @param {string} title @param {readonly string[]} columns @param {readonly Node[]} rows */
function table(title, columns, rows) {
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': title },
    h(
      'table',
      { class: 'plain' },
      h('caption', { class: 'unseen' }, title),
      h('thead', {}, h('tr', {}, ...columns.map((column) => h('th', { scope: 'col' }, column)))),
      h('tbody', {}, ...rows),
    ),
  );
}
