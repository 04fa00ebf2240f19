/** `kubectl ppo explain-failure`: gathers what the cluster says of a job and prints the diagnosis. Knows no causes. */
import { ClusterError } from '../../cluster/errors.ts';
import { readEvent } from '../../cluster/event-reading.ts';
import type { Event } from '../../cluster/objects.ts';
import { summarizeLog } from '../../reconcile/log-words.ts';
import type { Invocation } from '../arguments.ts';
import { eventTimeMs, jobEvents, podEvents } from '../events.ts';
import { diagnose } from '../explain/diagnosis.ts';
import type { Suspect } from '../explain/failure.ts';
import { renderReport } from '../explain/report.ts';
import { findJob, listEvents, listJobPods } from '../find-job.ts';
import { EXIT, type Session } from '../session.ts';

const TAIL_LINES = 200;

export async function explainFailure(session: Session, { name }: Invocation): Promise<number> {
  const { output, clock, namespace } = session;
  const job = await findJob(session, name ?? '');
  const [pods, events] = await Promise.all([listJobPods(session, job.metadata.name), listEvents(session)]);
  const nowMs = clock.nowMs();
  const diagnosis = diagnose({ job, pods, events, nowMs });
  const warnings = podEvents(events, pods).filter((event) => event.type === 'Warning' && !isOfStart(event));
  const report = renderReport({
    ...{ diagnosis, job: job.metadata.name, namespace, nowMs, hasColor: output.hasColor },
    lastWords: diagnosis.suspect === null ? '' : await lastWordsOf(session, diagnosis.suspect),
    events: [...jobEvents(events, job), ...warnings].sort((a, b) => eventTimeMs(a) - eventTimeMs(b)),
  });
  output.print(report);
  return EXIT.done;
}

/** A container that is asked before it listens. Every start has some; a start that fails says so otherwise. */
function isOfStart(event: Event): boolean {
  const { reason, message } = readEvent(event);
  return reason === 'Unhealthy' && message.startsWith('Startup probe failed');
}

/** From its log while there is one; else what the operator has kept of them. */
async function lastWordsOf(session: Session, { pod, container, message }: Suspect): Promise<string> {
  if (container === null) return message;
  const { namespace, pods, signal } = session;
  const lines: string[] = [];
  try {
    const options = { container, isFollowed: false, isPrevious: false, tailLines: TAIL_LINES };
    for await (const { text } of pods.logs({ namespace, name: pod }, options, signal)) lines.push(text);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
  }
  return summarizeLog(lines.join('\n')) || message;
}
