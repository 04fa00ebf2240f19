// Where the time of an iteration goes: the mean of each phase over the newest iterations, as a bar and a table.

import { h } from './dom.js';
import { formatPercent, formatSeconds } from './format.js';

/** @typedef {import('../page-api.ts').FiguresView['series']} Series */

const TOTAL = 'timing/iteration';
const NUM_ITERATIONS = 10;
/** One after the other; what an iteration does beside these is told as the rest. */
const PHASES = /** @type {const} */ ([
  ['timing/rollout', 'Generation of responses'],
  ['timing/scoring', 'Scores, values, logprobs'],
  ['timing/training', 'PPO epochs'],
  ['timing/weightSync', 'Weights to generation'],
  ['timing/evaluation', 'Evaluation, where due'],
]);

/** @typedef {{ label: string, seconds: number, share: number }} PhaseTime */

/** @param {Series} series @returns {{ phases: PhaseTime[], totalSeconds: number, numIterations: number } | null} */
export function measurePhases(series) {
  const total = series.find(({ name }) => name === TOTAL);
  if (total === undefined || total.values.length === 0) return null;
  const recent = new Set(total.iterations.slice(-NUM_ITERATIONS));
  /** @param {string} name */
  const mean = (name) => {
    const found = series.find((one) => one.name === name);
    const values = found?.values.filter((_, i) => recent.has(/** @type {number} */ (found.iterations[i]))) ?? [];
    return values.reduce((sum, value) => sum + value, 0) / recent.size;
  };
  const totalSeconds = mean(TOTAL);
  const known = PHASES.map(([name, label]) => ({ label, seconds: mean(name) }));
  const rest = Math.max(0, totalSeconds - known.reduce((sum, { seconds }) => sum + seconds, 0));
  const phases = [...known, { label: 'The rest', seconds: rest }].map((phase) => ({
    ...phase,
    share: totalSeconds > 0 ? phase.seconds / totalSeconds : 0,
  }));
  return { phases, totalSeconds, numIterations: recent.size };
}

/** @param {Series} series */
export function drawPhases(series) {
  const measured = measurePhases(series);
  if (measured === null) return [h('p', { class: 'empty' }, 'No iteration is finished yet.')];
  const { phases, totalSeconds, numIterations } = measured;
  const bar = h('div', { class: 'stack', 'aria-hidden': 'true' });
  for (const [i, { share, label }] of phases.entries()) {
    const part = h('span', { class: `part part-${i}`, title: `${label}: ${formatPercent(share)}` });
    part.style.flexGrow = String(share);
    bar.append(part);
  }
  const of = numIterations === 1 ? 'the newest iteration' : `the mean of the newest ${numIterations} iterations`;
  return [
    h('p', { class: 'lead' }, `${formatSeconds(totalSeconds)} an iteration, ${of}`),
    bar,
    h(
      'div',
      { class: 'scroll' },
      h(
        'table',
        { class: 'plain phases' },
        h('caption', { class: 'unseen' }, 'Time of an iteration by phase'),
        h('thead', {}, h('tr', {}, ...['Phase', 'Time', 'Share'].map((title) => h('th', { scope: 'col' }, title)))),
        h(
          'tbody',
          {},
          phases.map(({ label, seconds, share }, i) =>
            h(
              'tr',
              {},
              h('th', { scope: 'row' }, h('span', { class: `swatch part-${i}`, 'aria-hidden': 'true' }), label),
              h('td', { class: 'number' }, formatSeconds(seconds)),
              h('td', { class: 'number' }, formatPercent(share)),
            ),
          ),
        ),
      ),
    ),
  ];
}
