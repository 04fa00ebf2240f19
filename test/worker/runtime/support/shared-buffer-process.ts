// A second process for the test of shared buffers: opens one, doubles its numbers. Arguments: folder, name.
import { SharedBuffer } from '../../../../worker/runtime/shared-buffer.ts';

const [directory, name] = process.argv.slice(2) as [string, string];
const shared = SharedBuffer.open(directory, name);
const values = new Float32Array(shared.buffer);
values.forEach((value, i) => {
  values[i] = 2 * value;
});
process.stdout.write(String(shared.byteLength));
shared.dispose();
