/**
 * What every container of a job must know to send its spans: where to, how many, with which headers, and as whose. Knows
 * nothing of spans.
 */
import { LABELS, SECRET_VARIABLES } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';
import type { Container, EnvVar, Pod } from '../cluster/objects.ts';

function variables(job: PPOJob): EnvVar[] {
  const { tracing } = job.spec.tracking;
  if (tracing === undefined) return [];
  const { endpoint, sampleRatio, headersSecret } = tracing;
  const { name, namespace } = job.metadata;
  return [
    { name: 'PPO_TRACING_ENDPOINT', value: endpoint },
    { name: 'PPO_TRACING_SAMPLE_RATIO', value: sampleRatio },
    // OpenTelemetry's own variables, so that a podTemplate may say more in them.
    { name: 'OTEL_RESOURCE_ATTRIBUTES', value: `k8s.namespace.name=${namespace},${LABELS.job}=${name}` },
    ...(headersSecret === undefined
      ? []
      : [{ name: SECRET_VARIABLES.tracingHeaders, valueFrom: { secretKeyRef: { ...headersSecret } } }]),
  ];
}

/** `pod` with tracing's variables in every container; unchanged where tracing is off. */
export function addTracing(pod: Pod, job: PPOJob): Pod {
  const added = variables(job);
  if (added.length === 0) return pod;
  const extend = (container: Container): Container => ({ ...container, env: [...(container.env ?? []), ...added] });
  const { initContainers, containers } = pod.spec;
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...(initContainers && { initContainers: initContainers.map(extend) }),
      containers: containers.map(extend),
    },
  };
}
