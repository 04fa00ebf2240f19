/** The same communicator over mutual TLS: same results, same failures, no strangers, renewed certificates at once. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { type Sockets, socketsOf } from '../../../worker/collectives/sockets.ts';
import { TcpListener } from '../../../worker/collectives/tcp-listener.ts';
import { mutualCredentials } from '../../../worker/service/credentials.ts';
import { fixedIdentity, type IdentitySource, type TlsIdentity } from '../../../worker/service/tls-identity.ts';
import { makeAuthority, makeIdentity } from '../service/tls-files.ts';
import { closeAll, outcomes, startRanks, startTransports, TIMEOUT_MS } from './ranks.ts';

const authority = makeAuthority();
const identity = makeIdentity(authority);
const sockets = secured(identity);
const timeoutMs = TIMEOUT_MS;

function secured(holder: TlsIdentity): Sockets {
  return socketsOf(mutualCredentials(fixedIdentity(holder)).sockets);
}

test('an all-reduce over three ranks has the same bits as over plain TCP', async () => {
  const numElements = 300_001;
  const results: Buffer[] = [];
  for (const way of [sockets, undefined]) {
    const { ranks, close } = await startRanks(3, way);
    try {
      for (const [rank, { store }] of ranks.entries()) {
        store.add('x', new Uint8Array(Float32Array.from({ length: numElements }, (_, i) => Math.sin(i + rank)).buffer));
      }
      const buffer = { name: 'x', offsetBytes: 0 };
      const o = { buffer, count: numElements, dataType: 'float32', op: 'sum', timeoutMs } as const;
      await Promise.all(ranks.map(({ communicator }) => communicator.allReduce(o)));
      for (const { store } of ranks) results.push(Buffer.from(store.buffers.get('x')!));
    } finally {
      await close();
    }
  }
  assert.equal(results.length, 6);
  for (const result of results) assert.ok(result.equals(results[0]!));
});

test('a rank that gives up tells the others why, and one that goes fails them', async () => {
  const { ranks, close } = await startRanks(2, sockets);
  try {
    const [first, second] = [ranks[0]!.communicator, ranks[1]!.communicator];
    await assert.rejects(first.barrier({ timeoutMs: 50 }), { code: 'TIMEOUT', message: /barrier: not done after/ });
    await assert.rejects(second.barrier({ timeoutMs }), { code: 'TIMEOUT', message: /gave up/ });
  } finally {
    await close();
  }
  const others = await startRanks(2, sockets);
  const waiting = others.ranks[0]!.communicator.barrier({ timeoutMs });
  await Promise.all([assert.rejects(waiting, { code: 'REMOTE_ERROR' }), others.ranks[1]!.transport.close()]);
  await others.close();
});

const strangers: Readonly<Record<string, Sockets | undefined>> = {
  'in the clear': undefined,
  'with a certificate of another authority': secured(makeIdentity(makeAuthority())),
  'of another job': secured(makeIdentity(authority, { job: 'other' })),
};
for (const [name, strangeSockets] of Object.entries(strangers)) {
  test(`a rank ${name} does not join, and the ranks that belong together are told`, async () => {
    const [own = null] = await startTransports(1, sockets);
    const [stranger = null] = await startTransports(1, strangeSockets);
    assert.ok(own !== null && stranger !== null);
    try {
      const uniqueId = await own.createUniqueId();
      const join = (transport: typeof own, rank: number) =>
        transport.join({ uniqueId, rank, worldSize: 2, timeoutMs: 500 });
      const codes = await outcomes([join(own, 0), join(stranger, 1)]);
      assert.deepEqual(codes, ['TIMEOUT', 'REMOTE_ERROR']);
    } finally {
      await closeAll([own, stranger]);
    }
  });
}

test('the transport port counts whoever shows no certificate, and reads nothing of theirs', async () => {
  const refusals: string[] = [];
  const listener = await TcpListener.start({
    host: '127.0.0.1',
    port: 0,
    onRefused: (reason) => refusals.push(reason),
    sockets,
  });
  after(() => listener.close());
  const closed = (socket: ReturnType<typeof connect>) => new Promise((resolve) => socket.on('close', resolve));
  const plain = connect(listener.address).on('error', () => {});
  plain.write('GET / HTTP/1.1\r\n\r\n');
  await closed(plain);
  const nameless = connectTls({ ...listener.address, ca: identity.ca, checkServerIdentity: () => undefined });
  nameless.on('error', () => {});
  nameless.resume();
  await closed(nameless);
  assert.equal(refusals.length, 2);
  for (const reason of refusals) assert.match(reason, /^no certificate of this job: /);
});

test('a renewed certificate is shown to the next connection', async () => {
  const next = makeIdentity(authority);
  const listeners = new Set<(identity: TlsIdentity) => void>();
  const source = {
    current: identity,
    onChange: (listener: (identity: TlsIdentity) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } satisfies IdentitySource;
  const changing = socketsOf(mutualCredentials(source).sockets);
  const listener = await TcpListener.start({ host: '127.0.0.1', port: 0, onRefused: () => {}, sockets: changing });
  const shown = async (): Promise<string> => {
    const { ca, certificate, key } = identity;
    const socket = connectTls({
      ...listener.address,
      ca,
      cert: certificate,
      key,
      checkServerIdentity: () => undefined,
    });
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  };
  const before = await shown();
  source.current = next;
  for (const tell of listeners) tell(next);
  assert.notEqual(await shown(), before);
  await listener.close();
  // Closing ends with the last connection, and then nobody follows the identity any more.
  for (const giveUpAt = Date.now() + 5000; listeners.size > 1 && Date.now() < giveUpAt; ) await delay(5);
  assert.ok(listeners.size <= 1, 'the closed server still follows the identity');
});
