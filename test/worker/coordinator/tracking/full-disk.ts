/** Run by record-file.test.ts where files may not grow beyond 1024 bytes: says what became of records of 600 bytes. */
import { statSync } from 'node:fs';
import { RecordFile } from '../../../../worker/coordinator/tracking/record-file.ts';

const path = process.argv[2]!;
const file = new RecordFile({ path, frame: (record) => record });
file.append(new Uint8Array(600));
for (let i = 0; i < 2; i++) {
  try {
    file.append(new Uint8Array(600));
  } catch (error) {
    console.log((error as NodeJS.ErrnoException).code, statSync(path).size);
  }
}
file.close();
