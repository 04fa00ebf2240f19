/**
 * A rank in a process of its own, for tests that kill or stop it: joins with the unique id, rank and world size from its
 * arguments, says "joined", and then takes part in one broadcast of 64 MiB from rank 0 that it never sees the end of.
 */
import { LocalCommunicator } from '../../../worker/collectives/local-communicator.ts';
import { TcpTransport } from '../../../worker/collectives/tcp-transport.ts';
import { HeapStore } from './ranks.ts';

const [uniqueId, rank, worldSize, behaviour] = process.argv.slice(2);
const transport = await TcpTransport.start({ host: '127.0.0.1', port: 0 });
const group = await transport.join({
  uniqueId: Buffer.from(uniqueId!, 'hex'),
  rank: Number(rank),
  worldSize: Number(worldSize),
  timeoutMs: 20_000,
});
process.send?.('joined');
// An orphan must not outlive its test.
process.on('disconnect', () => process.exit(1));
if (behaviour === 'takes part') {
  const store = new HeapStore();
  const count = 64 * 1024 * 1024;
  store.add('data', new Uint8Array(count));
  const o = { buffer: { name: 'data', offsetBytes: 0 }, count, dataType: 'uint8', root: 0, timeoutMs: 60_000 } as const;
  const communicator = new LocalCommunicator(group, store);
  for (;;) await communicator.broadcast(o);
}
