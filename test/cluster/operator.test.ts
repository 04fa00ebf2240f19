// The operator over a cluster in memory: the same bodies as on a real API server.

import { describeJobs } from './job-bodies.ts';
import { memoryStage } from './stage.ts';

describeJobs('a job in memory', memoryStage());
