/**
 * The other process of the collectives' benchmark: serves its copy of the data over a raw socket, a copy for each byte it
 * is sent, echoes single bytes on another port, and is rank 1, root of the broadcasts, of a communicator.
 */
import { createServer, type Socket } from 'node:net';
import { LocalCommunicator } from '../../../worker/collectives/local-communicator.ts';
import { SharedFolder } from '../../../worker/collectives/shared-folder.ts';
import { TcpTransport } from '../../../worker/collectives/tcp-transport.ts';
import { SharedBuffer } from '../../../worker/runtime/shared-buffer.ts';
import { BYTES, type PeerPorts, type PeerTask, runRounds } from './rounds.ts';

const directory = process.argv[2]!;
const buffer = SharedBuffer.create(directory, 'data', BYTES);
const data = new Uint8Array(buffer.buffer).fill(7);

function listen(onByte: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('data', () => onByte(socket));
    socket.on('error', () => {});
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

// An orphan must not outlive the benchmark.
process.on('disconnect', () => process.exit(1));
process.on('message', async ({ uniqueId }: PeerTask) => {
  const transport = await TcpTransport.start({ host: '127.0.0.1', port: 0 });
  const group = await transport.join({
    uniqueId: Buffer.from(uniqueId, 'hex'),
    rank: 1,
    worldSize: 2,
    timeoutMs: 10_000,
  });
  await runRounds(new LocalCommunicator(group, new SharedFolder(directory)), () => {});
});
const ports: PeerPorts = {
  copyPort: await listen((socket) => socket.write(data)),
  echoPort: await listen((socket) => socket.write('x')),
};
process.send?.(ports);
