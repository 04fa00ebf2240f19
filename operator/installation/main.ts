// Entry of what `helm test` runs in the cluster: checks the installation and says what is wrong with it. A table of contents.

import { parseArgs } from 'node:util';
import { Agent, request } from 'undici';
import { systemClock } from '../cluster/clock.ts';
import { KubernetesCluster } from '../cluster/kubernetes-cluster.ts';
import { KubernetesCredentials } from '../cluster/kubernetes-credentials.ts';
import { checkInstallation } from './checks.ts';

const USAGE = `usage: node operator/installation/main.ts --operator URL --lease NAMESPACE/NAME

  --operator URL          where the operator serves /readyz
  --lease NAMESPACE/NAME  of the Lease by which it leads
  --namespace NAMES       the only ones whose jobs it runs, parted by commas
  --kubeconfig FILE       default: KUBECONFIG, ~/.kube/config, or the pod's service account
  --timeout SECONDS       of each check; default: 45
`;

const { values } = parseArgs({
  options: {
    operator: { type: 'string', default: '' },
    lease: { type: 'string', default: '' },
    namespace: { type: 'string' },
    kubeconfig: { type: 'string' },
    timeout: { type: 'string', default: '45' },
  },
});
const [namespace, name] = values.lease.split('/');
const deadlineMs = Number(values.timeout) * 1000;
if (values.operator === '' || !namespace || !name || !(deadlineMs >= 0)) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  const { kubeconfig } = values;
  const credentials = KubernetesCredentials.load(kubeconfig === undefined ? {} : { kubeconfig }, systemClock);
  const cluster = new KubernetesCluster({ credentials, userAgent: 'ppo-installation' });
  // Whether it answers is asked here; who it is, Prometheus asks.
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false }, headersTimeout: 10_000 });
  const statusOf = async (path: string): Promise<number> => {
    const { statusCode, body } = await request(new URL(path, values.operator), { dispatcher });
    await body.dump();
    return statusCode;
  };
  const scope = values.namespace === undefined ? {} : { namespaces: values.namespace.split(',') };
  const results = await checkInstallation(
    { cluster, statusOf, lease: { namespace, name }, ...scope },
    {
      deadlineMs,
      onResult: ({ title, problem, remedy }) =>
        console.log(problem === null ? `ok      ${title}` : `failed  ${title}: ${problem}\n        do: ${remedy}`),
    },
  );
  await Promise.all([cluster.close(), dispatcher.close()]);
  process.exitCode = results.every(({ problem }) => problem === null) ? 0 : 1;
}
