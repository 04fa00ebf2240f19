/** Run by durable-file.test.ts where files may not grow beyond 1024 bytes: says what becomes of a text that is longer. */
import { writeDurably } from '../../../worker/coordinator/durable-file.ts';

try {
  writeDurably(process.argv[2]!, 'x'.repeat(1500));
} catch (error) {
  console.log((error as NodeJS.ErrnoException).code);
}
