// The settings of a worker that has no process of its own, for tests. Knows no test.
import type { WorkerSettings } from '../../../worker/config.ts';

type Given = Pick<WorkerSettings, 'role'> & Partial<WorkerSettings>;

/** On any free port of the loopback address, with nothing around it. */
export function testSettings(given: Given): WorkerSettings {
  return {
    index: 0,
    podName: `test-${given.role}-${given.index ?? 0}`,
    jobName: 'job',
    servesRole: null,
    podIp: '127.0.0.1',
    grpcPort: 0,
    metricsPort: 0,
    openaiPort: null,
    communicatorPort: null,
    transportPort: null,
    sharedDir: null,
    coordinatorAddress: null,
    jobConfigPath: null,
    threads: 1,
    tlsDir: null,
    tracing: null,
    logLevel: 'error',
    ...given,
  };
}
