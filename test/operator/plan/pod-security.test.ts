/**
 * Every pod of every kind of job meets the Pod Security Standards' level "restricted", requirement by requirement, as
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/ has them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Pod } from '../../../operator/cluster/objects.ts';
import { planJob } from '../../../operator/plan/plan.ts';
import { jobWith } from '../api/manifest.ts';

type Fields = Readonly<Record<string, unknown>>;

const JOBS = [
  {},
  { 'spec.placement.mode': 'Colocated' },
  { 'spec.podTemplate': { volumes: [{ name: 'v', emptyDir: {} }] } },
];
const platform = { kind: 'Cluster', operatorNamespace: null, metricsFrom: [], workerImage: 'ppo:1' } as const;
const pods = JOBS.flatMap((changes) => planJob(jobWith(changes), { outcome: null, platform }).pods);
const VOLUME_TYPES = [
  ...['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'],
];

function specOf(pod: Pod): Fields {
  return pod.spec as unknown as Fields;
}

function contextOf(of: Pod['spec'] | Container): Fields {
  return of.securityContext ?? {};
}

function containersOf({ spec }: Pod): Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

const requirements: Readonly<Record<string, (pod: Pod, container: Container) => boolean>> = {
  'no namespaces of the host': (pod) => !['hostNetwork', 'hostPID', 'hostIPC'].some((key) => specOf(pod)[key] === true),
  'no process of Windows hosts': (pod, container) =>
    ![contextOf(pod.spec), contextOf(container)].some((context) => 'windowsOptions' in context),
  'nothing privileged': (_pod, container) => contextOf(container).privileged !== true,
  'capabilities: all dropped, none added': (_pod, container) => {
    const { drop, add } = contextOf(container).capabilities as { drop?: string[]; add?: string[] };
    return drop?.includes('ALL') === true && (add ?? []).length === 0;
  },
  'volumes of the allowed types alone': (pod) =>
    (pod.spec.volumes ?? []).every((volume) => {
      const types = Object.keys(volume).filter((key) => key !== 'name');
      return types.length === 1 && VOLUME_TYPES.includes(types[0]!);
    }),
  'no ports of the host': (_pod, container) => (container.ports ?? []).every((port) => !('hostPort' in port)),
  'no probes or hooks of a named host': (_pod, container) =>
    [container.startupProbe, container.readinessProbe, container.livenessProbe].every(
      (probe) => !('host' in (probe?.httpGet ?? {})),
    ) && !('lifecycle' in container),
  'the default AppArmor and SELinux profiles': (pod, container) =>
    ![contextOf(pod.spec), contextOf(container)].some(
      (context) => 'appArmorProfile' in context || 'seLinuxOptions' in context,
    ),
  'the default /proc': (_pod, container) => !('procMount' in contextOf(container)),
  'no sysctls': (pod) => !('sysctls' in contextOf(pod.spec)),
  'no way to more privileges': (_pod, container) => contextOf(container).allowPrivilegeEscalation === false,
  'not as root, by word and by number': (pod, container) =>
    contextOf(pod.spec).runAsNonRoot === true &&
    contextOf(container).runAsNonRoot !== false &&
    Number(contextOf(pod.spec).runAsUser) > 0 &&
    !('runAsUser' in contextOf(container)),
  "the runtime's seccomp profile": (pod, container) =>
    [contextOf(pod.spec), contextOf(container)].every(
      (context) => (context.seccompProfile as { type?: string })?.type === 'RuntimeDefault',
    ),
};

for (const [name, isMet] of Object.entries(requirements)) {
  test(`restricted: ${name}`, () => {
    for (const pod of pods) {
      for (const container of containersOf(pod)) {
        assert.ok(isMet(pod, container), `${pod.metadata.name} ${container.name}`);
      }
    }
  });
}

test('beyond it: a read-only root with scratch space, no token, no links to services', () => {
  assert.ok(pods.length >= 12);
  for (const pod of pods) {
    assert.equal(pod.spec.automountServiceAccountToken, false);
    assert.equal(pod.spec.enableServiceLinks, false);
    for (const container of containersOf(pod)) {
      assert.equal(contextOf(container).readOnlyRootFilesystem, true);
      const temporary = container.volumeMounts?.find(({ mountPath }) => mountPath === '/tmp');
      const volume = pod.spec.volumes?.find(({ name }) => name === temporary?.name);
      assert.deepEqual(volume?.emptyDir, {}, `${pod.metadata.name} ${container.name} has no /tmp`);
    }
  }
});

test('as another user, or as the one that the cluster gives each namespace', () => {
  const contexts = (userId: number | null) =>
    planJob(jobWith({}), { outcome: null, platform: { ...platform, userId } }).pods.map(({ spec }) => contextOf(spec));
  for (const context of contexts(1000)) {
    assert.deepEqual([context.runAsUser, context.runAsGroup, context.fsGroup], [1000, 1000, 1000]);
  }
  for (const context of contexts(null)) {
    assert.deepEqual(context, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  }
});
