/** Run by metrics-log.test.ts where files may not grow beyond 1024 bytes: says what becomes of a line that is longer. */
import { FigureHistory } from '../../../worker/coordinator/figure-history.ts';
import { MetricsLog } from '../../../worker/coordinator/metrics-log.ts';

const metrics = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`figure/${i}`, i]));
try {
  new MetricsLog(process.argv[2]!, new FigureHistory()).append({ iteration: 1, policyVersion: 1, metrics });
} catch (error) {
  console.log((error as NodeJS.ErrnoException).code);
}
