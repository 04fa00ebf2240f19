/**
 * The live view's picture: lines of text from a view of the job. Pure: the terminal that shows it is terminal.ts. Colours
 * are ANSI sequences, left out on request; no line is wider than the terminal.
 */
import { stripVTControlCharacters } from 'node:util';
import { CONDITIONS } from '../api/names.ts';
import { formatCount, formatDuration, formatNumber, formatPercent } from './format.ts';
import type { JobView, PodState, PodView, RoleView } from './job-view.ts';
import { type IterationRecord, METRICS } from './metrics-file.ts';

export interface LiveFrame {
  readonly view: JobView;
  readonly records: readonly IterationRecord[];
  readonly elapsedSeconds: number;
  /** The newest last, each with its time since the start. */
  readonly events: readonly string[];
  /** Shown at the foot. */
  readonly hint: string;
}

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
  readonly hasColor: boolean;
}

type Color = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan';
type Paint = (color: Color, text: string) => string;

const CODES: Record<Color, number> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 };
const POD_COLORS: Record<PodState, Color> = {
  Waiting: 'dim',
  Starting: 'yellow',
  Ready: 'green',
  Stopping: 'yellow',
  Ended: 'dim',
  Failed: 'red',
};
const AT_REST: readonly string[] = [CONDITIONS.failed, CONDITIONS.succeeded, CONDITIONS.suspended];
const SPARKS = '▁▂▃▄▅▆▇█';
const LABEL_COLUMNS = 13;
const MAX_EVENTS = 4;

/** At most `rows - 1` lines of at most `columns` characters; what doesn't fit is cut at the end. */
export function renderFrame(frame: LiveFrame, size: FrameSize): string[] {
  const paint: Paint = size.hasColor ? (color, text) => `\x1b[${CODES[color]}m${text}\x1b[0m` : (_, text) => text;
  const lines = [
    header(frame, paint),
    '',
    progressLine(frame, size, paint),
    '',
    ...metricLines(frame, size, paint),
    '',
    ...frame.view.roles.flatMap((role) => roleLines(role, paint)),
    ...(frame.events.length > 0 ? ['', ...frame.events.slice(-MAX_EVENTS).map((event) => paint('dim', event))] : []),
    '',
    paint('dim', frame.hint),
  ];
  return lines.slice(0, Math.max(1, size.rows - 1)).map((line) => cut(line, size.columns));
}

function header({ view, elapsedSeconds }: LiveFrame, paint: Paint): string {
  const { condition, pending, progress } = view;
  const type = condition?.type ?? 'Pending';
  const color = type === CONDITIONS.failed ? 'red' : type === CONDITIONS.running ? 'green' : 'cyan';
  const isRunning = type === CONDITIONS.running;
  const said = isRunning || condition === null ? '' : firstLine(pending?.message || condition.message);
  return [
    paint('bold', view.name),
    paint(color, type),
    said || (progress?.phase ?? ''),
    paint('dim', formatDuration(elapsedSeconds)),
  ]
    .filter((part) => part !== '')
    .join('  ');
}

function progressLine({ view }: LiveFrame, size: FrameSize, paint: Paint): string {
  const { progress } = view;
  if (progress === null) return paint('dim', beforeProgress(view));
  const { iteration, numIterations, remainingSeconds } = progress;
  const share = numIterations > 0 ? Math.min(1, iteration / numIterations) : 0;
  const left = remainingSeconds === undefined ? '' : `  ${formatDuration(remainingSeconds)} left`;
  const label = `iteration ${iteration} of ${numIterations}  `;
  const width = Math.max(10, Math.min(40, size.columns - label.length - left.length - 8));
  const filled = Math.round(share * width);
  const bar = paint('green', '█'.repeat(filled)) + paint('dim', '░'.repeat(width - filled));
  return `${label}${bar}${`${Math.floor(100 * share)} %`.padStart(6)}${left}`;
}

function beforeProgress({ condition }: JobView): string {
  if (condition === null) return 'waiting for the operator';
  const isAtRest = AT_REST.includes(condition.type);
  return isAtRest ? 'no iteration was begun' : 'waiting for the coordinator';
}

function metricLines({ view: { progress }, records }: LiveFrame, size: FrameSize, paint: Paint): string[] {
  const series = (name: string): number[] =>
    records.map((record) => record.metrics[name]).filter((value) => value !== undefined);
  const sparkColumns = Math.max(0, Math.min(40, size.columns - 50));
  const line = (label: string, text: string, values: readonly number[] = []): string => {
    const spark = sparkline(values, sparkColumns);
    return paint('dim', label.padEnd(LABEL_COLUMNS)) + (spark === '' ? text : text.padEnd(24) + paint('blue', spark));
  };
  const last = (values: readonly number[]): string => (values.length > 0 ? formatNumber(values.at(-1) ?? 0) : '–');
  const scores = series(METRICS.score);
  const kls = series(METRICS.kl);
  const parity = progress === null ? '–' : formatNumber(Number(progress.maxLogprobDifference));
  const rate = progress === null ? '–' : formatCount(Number(progress.tokensPerSecond));
  return [
    line('score', last(scores), scores),
    line('KL', last(kls), kls),
    line('accuracy', accuracyText(progress?.accuracy, progress?.accuracyBefore), series(METRICS.accuracy)),
    line('tokens/s', `${rate}  (${formatCount(progress?.tokens ?? 0)} in all)`),
    line('policy', `version ${progress?.policyVersion ?? '–'}`),
    line('parity', `${parity}  largest logprob difference`),
  ];
}

function accuracyText(accuracy: string | undefined, before: string | undefined): string {
  if (accuracy === undefined) return '–';
  return `${formatPercent(Number(accuracy))}${before === undefined ? '' : `  (from ${formatPercent(Number(before))})`}`;
}

/** The values as bars between their least and greatest; means of neighbours where there are more than columns. */
export function sparkline(values: readonly number[], columns: number): string {
  if (values.length < 2 || columns < 2) return '';
  const width = Math.min(columns, values.length);
  const means = Array.from({ length: width }, (_, i) => {
    const part = values.slice(Math.floor((i * values.length) / width), Math.floor(((i + 1) * values.length) / width));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  const least = Math.min(...means);
  const range = Math.max(...means) - least || 1;
  return means.map((mean) => SPARKS[Math.round(((mean - least) / range) * (SPARKS.length - 1))]).join('');
}

function roleLines({ role, pods, restarts }: RoleView, paint: Paint): string[] {
  const count = restarts === 0 ? '' : `  ${paint('yellow', `restarts ${restarts}`)}`;
  if (pods.length === 0) return [`${role.padEnd(LABEL_COLUMNS)}${paint('dim', '–')}${count}`];
  return pods.map(
    (pod, i) => `${(i === 0 ? role : '').padEnd(LABEL_COLUMNS)}${podText(pod, paint)}${i === 0 ? count : ''}`,
  );
}

function podText(pod: PodView, paint: Paint): string {
  const color = POD_COLORS[pod.state];
  const sidecars = pod.sidecars.map((sidecar) => {
    const times = sidecar.restarts === 0 ? '' : ` (restarts ${sidecar.restarts})`;
    return `  ${paint(sidecar.isReady ? 'green' : 'yellow', '●')} ${sidecar.name}${times}`;
  });
  const place = pod.pid === null ? (pod.node === null ? '' : `  on ${pod.node}`) : `  pid ${pod.pid}`;
  return `${paint(color, '●')} ${pod.name}  ${paint(color, pod.state)}${paint('dim', place)}${sidecars.join('')}`;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

/** Cuts to the width by visible characters; a cut line loses its colours. */
function cut(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length <= columns ? line : `${plain.slice(0, Math.max(0, columns - 1))}…`;
}
