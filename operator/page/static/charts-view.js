// Which curves of a job are drawn, under which titles. Knows the names of figures; a figure that a job doesn't measure has
// no chart.

import { Cursor, createChart } from './chart.js';
import { h } from './dom.js';
import { formatNumber, formatPercent, formatTick } from './format.js';

/** @typedef {import('../page-api.ts').FiguresView['series']} Series */
/** @typedef {import('./chart.js').ChartOptions & { figures: readonly string[] }} Spec */

/** @param {number} share */
const percentTick = (share) => `${formatTick(100 * share)} %`;

/** @type {readonly Spec[]} */
const CHARTS = [
  spec('Mean score', ['rollout/score'], 'What the reward says of the responses. Should rise.'),
  spec('KL from the reference', ['policy/kl'], 'How far the policy has moved. A steep rise: it games the reward.', {
    shown: [0],
  }),
  spec('Held-out accuracy', ['evaluation/accuracy'], 'Exact match on prompts that are never trained on.', {
    ...{ format: formatPercent, formatTick: percentTick, shown: [0, 1], hasMarks: true },
  }),
  spec('Policy loss', ['loss/policy'], 'Of the last PPO epoch. Its level says little; spikes do.'),
  spec('Value loss', ['loss/value'], 'How wrong the critic is. Should fall.', { shown: [0] }),
  spec(
    'Explained variance',
    ['critic/explainedVariance'],
    'Of the returns, by the critic. 1 is best, below 0 is useless.',
  ),
  spec(
    'Clipped share',
    ['policy/clipFraction', 'critic/clipFraction'],
    'Of tokens. Near 0: steps are small; above 0.3: too large.',
    {
      ...{ labels: ['actor', 'critic'], format: formatPercent, formatTick: percentTick, shown: [0] },
    },
  ),
  spec('Gradient norm', ['policy/gradientNorm', 'critic/gradientNorm'], 'Before clipping.', {
    ...{ labels: ['actor', 'critic'], shown: [0] },
  }),
  spec('Entropy', ['policy/entropy'], 'Of the next token. Near 0 the policy explores no more.', { shown: [0] }),
  spec('Response length', ['rollout/responseTokens'], 'Mean, in tokens.', { shown: [0] }),
  spec('Tokens per second', ['rollout/tokensPerSecond'], 'Generated, while the rollout lasts.', { shown: [0] }),
  spec(
    'Parity',
    ['policy/logprobDifference'],
    'Largest difference of logprobs between generation and training. Near 0 is right.',
    {
      shown: [0],
    },
  ),
];

/**
 * @param {string} title
 * @param {readonly string[]} figures
 * @param {string} hint
 * @param {Partial<Spec>} [more]
 * @returns {Spec}
 */
function spec(title, figures, hint, more = {}) {
  return { title, figures, hint, format: formatNumber, formatTick, labels: [''], ...more };
}

export class ChartsView {
  element = h('div', { class: 'charts' });
  #cursor = new Cursor();
  /** @type {Map<string, import('./chart.js').Chart>} by title */
  #charts = new Map();

  /** @param {Series} series @param {number | null} accuracyBefore of the first policy, which is iteration 0 */
  update(series, accuracyBefore) {
    const greatest = Math.max(0, ...series.map(({ iterations }) => iterations.at(-1) ?? 0));
    for (const chart of CHARTS) {
      const curves = chart.figures.map((name, i) => ({
        label: chart.labels[i] ?? '',
        ...withFirst(
          series.find((one) => one.name === name),
          name === 'evaluation/accuracy' ? accuracyBefore : null,
        ),
      }));
      if (curves.every(({ values }) => values.length === 0)) continue;
      this.#chartOf(chart).update(curves, greatest);
    }
  }

  /** @param {Spec} spec */
  #chartOf(spec) {
    const known = this.#charts.get(spec.title);
    if (known !== undefined) return known;
    const chart = createChart(spec, this.#cursor);
    this.#charts.set(spec.title, chart);
    const inOrder = CHARTS.flatMap(({ title }) => this.#charts.get(title)?.element ?? []);
    this.element.replaceChildren(...inOrder);
    return chart;
  }
}

/** @param {Series[number] | undefined} series @param {number | null} first */
function withFirst(series, first) {
  const { iterations, values } = series ?? { iterations: [], values: [] };
  return first === null ? { iterations, values } : { iterations: [0, ...iterations], values: [first, ...values] };
}
