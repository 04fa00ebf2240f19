// A real API server keeps what every cluster promises: the same bodies as in memory.

import { describeCluster } from '../operator/cluster/contract.ts';
import { startEnvironment } from './environment.ts';

const environment = await startEnvironment();

describeCluster('a Kubernetes API server', async () => {
  const namespaces = [await environment.newNamespace(), await environment.newNamespace()] as const;
  return { cluster: environment.cluster, namespaces };
});
