/** A diagnosis as the text of `kubectl ppo explain-failure`. Pure. */
import type { Event, Stored } from '../../cluster/objects.ts';
import { describeEvent } from '../events.ts';
import type { Diagnosis } from './diagnosis.ts';
import { fill, type RemedyContext, remedyFor } from './remedies.ts';

export interface ReportInput {
  readonly diagnosis: Diagnosis;
  readonly job: string;
  readonly namespace: string;
  /** Empty where there are none. */
  readonly lastWords: string;
  readonly events: readonly Stored<Event>[];
  readonly nowMs: number;
  readonly hasColor: boolean;
}

const LABEL_COLUMNS = 11;
const MAX_EVENTS = 10;

export function renderReport(input: ReportInput): string {
  const { diagnosis, job, namespace, lastWords, events } = input;
  const { suspect } = diagnosis;
  const context: RemedyContext = { job, namespace, pod: suspect?.pod ?? null, role: suspect?.role ?? null };
  const remedy = diagnosis.reason === null ? null : remedyFor(diagnosis.reason, context);
  const bold = (text: string): string => (input.hasColor ? `\x1b[1m${text}\x1b[0m` : text);
  const facts = [['why', diagnosis.why], ...(remedy === null ? [] : [['means', remedy.means]]), ...diagnosis.facts].map(
    ([label = '', text = '']) => `${label.padEnd(LABEL_COLUMNS)}${indent(text, LABEL_COLUMNS)}`,
  );
  const isNew = lastWords !== '' && !diagnosis.why.includes(lastWords);
  const remedies = [...diagnosis.remedies.map((text) => fill(text, context)), ...(remedy?.remedies ?? [])];
  return [
    `${bold(`PPOJob ${job} ${diagnosis.headline}`)}\n`,
    ...facts,
    ...section(bold(`last words of ${suspect?.pod}`), isNew ? [`  ${indent(lastWords, 2)}`] : []),
    ...section(
      bold('events'),
      events.slice(-MAX_EVENTS).map((event) => describe(event, input.nowMs)),
    ),
    ...section(
      bold('what to do'),
      remedies.map((text, i) => `  ${i + 1}. ${text}`),
    ),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`\n${title}`, ...lines];
}

/** Lines after the first stand below it. */
function indent(text: string, columns: number): string {
  return text.trimEnd().replaceAll('\n', `\n${' '.repeat(columns)}`);
}

function describe(event: Stored<Event>, nowMs: number): string {
  const { kind, name } = event.involvedObject;
  const { age, type, reason, text } = describeEvent(event, nowMs);
  return `  ${age.padEnd(10)} ${type.padEnd(7)}  ${reason}  ${kind === 'Pod' ? `${name}: ` : ''}${text}`;
}
