// A volume that all pods of a job share, on the node of a whole cluster: a local PersistentVolume and a claim for it. It
// knows no jobs.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Kubectl } from '../kubectl.ts';
import { succeed } from '../kubectl.ts';
import { NODE_NAME } from './layout.ts';

const SIZE = '1Gi';

/** Makes `path` on this machine the claim `name` in kubectl's namespace. */
export async function claimFolder(kubectl: Kubectl, name: string, path: string): Promise<void> {
  mkdirSync(path, { recursive: true });
  const volume = `${name}-${path.replaceAll(/[^a-z0-9]+/g, '-')}`;
  const expression = { key: 'kubernetes.io/hostname', operator: 'In', values: [NODE_NAME] };
  const common = { accessModes: ['ReadWriteMany'], storageClassName: '' };
  const documents = [
    {
      ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: volume } },
      spec: {
        ...common,
        capacity: { storage: SIZE },
        local: { path },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } },
      },
    },
    {
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name } },
      spec: { ...common, volumeName: volume, resources: { requests: { storage: SIZE } } },
    },
  ];
  const directory = mkdtempSync(join(tmpdir(), 'ppo-volume-'));
  try {
    writeFileSync(join(directory, 'volume.yaml'), documents.map((document) => stringify(document)).join('---\n'));
    await succeed(kubectl, 'apply', '-f', directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
