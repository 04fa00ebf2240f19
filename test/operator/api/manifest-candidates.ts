/** Values for the larger parts of a manifest: pod templates and trackers, at and beyond their bounds. Knows no verdict. */

/** A character of two UTF-16 units. */
export const FACE = '\u{1F600}';

function ofKeys(count: number, value: string): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, value]));
}

/** Mostly valid; every rule is broken by one of them. */
export const TEMPLATES: readonly unknown[] = [
  {
    labels: { team: 'a', 'x.y/z': '' },
    annotations: { note: FACE.repeat(100) },
    image: 'a:1',
    imagePullPolicy: 'Never',
  },
  { nodeSelector: { gpu: 'a100' }, tolerations: [{ operator: 'Exists', novel: { a: [1, null] } }], affinity: { a: 1 } },
  {
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }],
    volumeMounts: [{ name: 'v', mountPath: '/v' }],
  },
  {
    env: [
      { name: 'A', value: '' },
      { name: 'B', valueFrom: { fieldRef: { fieldPath: 'x' } } },
    ],
    runtimeClassName: 'r',
  },
  { imagePullSecrets: [{ name: 's', other: true }], topologySpreadConstraints: [{}], priorityClassName: 'p' },
  { communicatorResources: { limits: { cpu: '1' }, requests: {} }, affinity: null, env: null },
  { labels: ofKeys(64, 'v'), annotations: ofKeys(64, 'v'), nodeSelector: {}, volumes: [], env: [] },
  ...[{}, { labels: ofKeys(65, 'v') }, { labels: { 'rlhf.dev/job': 'x' } }, { labels: { a: 1 } }, { labels: [] }],
  ...[{ labels: { 'app.kubernetes.io/managed-by': 'me' } }, { labels: { ['k'.repeat(317)]: 'v'.repeat(63) } }],
  ...[{ labels: { ['k'.repeat(318)]: '' } }, { labels: { a: 'v'.repeat(64) } }, { annotations: { a: null } }],
  ...[
    { env: [{ name: 'PPO_ROLE', value: 'x' }] },
    { env: [{}] },
    { env: [{ name: '' }] },
    { env: [null] },
    { env: {} },
  ],
  ...[{ volumes: [{ name: 'ppo-tls' }] }, { volumes: [{ name: 'n'.repeat(64) }] }, { volumes: ['v'] }],
  ...[{ volumeMounts: [{ name: 'v', mountPath: '/etc/ppo/x' }] }, { volumeMounts: [{ name: 'v' }] }],
  ...[{ volumeMounts: [{ name: 'v', mountPath: '/dev/shm/ppo' }] }, { volumeMounts: [{ mountPath: '/v' }] }],
  ...[{ imagePullPolicy: 'always' }, { image: '' }, { novel: 1 }, { affinity: [] }, { tolerations: [1] }],
  ...[
    { communicatorResources: { limits: { cpu: -1 } } },
    { securityContext: {} },
    { imagePullSecrets: [{ name: '' }] },
  ],
];

export const TRACKERS: Readonly<Record<string, readonly unknown[]>> = {
  'spec.tracking.tensorboard': [
    ...[undefined, null, {}, { path: '/t', sampleResponses: 0 }, { sampleResponses: 65 }, { path: '' }, { novel: 1 }],
  ],
  'spec.tracking.wandb': [
    ...[undefined, null, {}, { project: 'p' }, { project: 'p', mode: 'Offline', tags: [] }, { project: 'a/b' }],
    ...[
      { project: FACE.repeat(128) },
      { project: FACE.repeat(129) },
      { project: 'p', mode: 'Online' },
      { project: '' },
    ],
    ...[{ project: 'a\n', entity: 'team', name: 'n', group: 'g', tags: ['t', FACE.repeat(64)] }],
    ...[
      { project: 'p', tags: [''] },
      { project: 'p', tags: Array.from({ length: 33 }, () => 't') },
    ],
  ],
  'spec.tracking.tracing': [
    ...[
      undefined,
      null,
      {},
      { endpoint: 'http://collector.monitoring.svc:4318' },
      { endpoint: 'https://[::1]:4318/a/' },
    ],
    ...[{ endpoint: 'http://c:4318/v1/traces' }, { endpoint: 'http://c:4318/v1/traces/' }, { endpoint: 'c:4318' }],
    ...[{ endpoint: 'http://u:p@c' }, { endpoint: 'http://c\n' }, { endpoint: 'http://c', sampleRatio: '0.5' }],
    ...[
      { endpoint: 'http://c', sampleRatio: '1.1' },
      { endpoint: 'http://c', sampleRatio: 1 },
    ],
    ...[
      { endpoint: 'http://c', headersSecret: { name: 's', key: 'K_1' } },
      { endpoint: 'http://c', headersSecret: {} },
    ],
    ...[{ endpoint: 'http://c', headersSecret: { name: 'S', key: 'k' } }],
    ...[{ endpoint: 'http://c', headersSecret: { name: 's', key: 'a/b' } }],
  ],
};
