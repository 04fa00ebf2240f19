/** Mutual TLS over gRPC: who is let in, who is believed, and that renewed certificates need no restart. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, type PeerCertificate } from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import type { CoordinatorHandlers } from '../../../worker/api/generated/ppo/v1/Coordinator.ts';
import { type Credentials, mutualCredentials, processCredentials } from '../../../worker/service/credentials.ts';
import { formatAddress } from '../../../worker/service/host-port.ts';
import { type Client, connect, definitions } from '../../../worker/service/protos.ts';
import { unary, unaryHandler } from '../../../worker/service/rpc.ts';
import { type RunningServer, startGrpcServer } from '../../../worker/service/server.ts';
import { fixedIdentity, TlsFolder, type TlsIdentity } from '../../../worker/service/tls-identity.ts';
import { makeAuthority, makeIdentity, SecretFolder } from './tls-files.ts';

const HOST = '127.0.0.1';
const HAS_IPV6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
const authority = makeAuthority();
const strangers = makeAuthority();
const server = makeIdentity(authority, { dnsNames: ['localhost'] });
const clients: Client<'Coordinator'>[] = [];
const servers: RunningServer[] = [];

after(async () => {
  for (const client of clients) client.close();
  for (const running of servers) await running.close(0);
});

const unused = unaryHandler(() => Promise.reject(new Error('not called')));
const handlers = {
  Register: unused,
  Heartbeat: unaryHandler(async () => ({ known: true })),
  WatchProgress: () => {},
} as unknown as CoordinatorHandlers;

async function serve(credentials: Credentials, host = HOST): Promise<number> {
  const services = [[definitions.Coordinator, handlers]] as const;
  const running = await startGrpcServer({ host, port: 0, services, credentials });
  servers.push(running);
  return running.port;
}

function identityOf(identity: TlsIdentity | null): Credentials {
  return mutualCredentials(identity && fixedIdentity(identity));
}

async function call(client: Client<'Coordinator'>): Promise<boolean> {
  const request = { role: 'actor', index: 0, incarnation: 'a' };
  return (await unary(client, client.heartbeat, request, { deadlineMs: 5000 })).known;
}

function dial(port: number, credentials: Credentials, host = HOST): Client<'Coordinator'> {
  const client = connect('Coordinator', formatAddress({ host, port }), credentials);
  clients.push(client);
  return client;
}

describe('mutual TLS', () => {
  let port = 0;
  before(async () => {
    port = await serve(identityOf(server));
  });

  const refused: Readonly<Record<string, TlsIdentity | null>> = {
    'a client in the clear': null,
    'a client of another authority': makeIdentity(strangers, {}, [authority]),
    'a client whose certificate has ended': makeIdentity(authority, { endsInMs: -1000 }),
    'a server of another authority': makeIdentity(authority, {}, [strangers]),
    'a server of another job': makeIdentity(authority, { job: 'other' }),
  };
  for (const [name, identity] of Object.entries(refused)) {
    it(`refuses ${name}`, async () => {
      const error = { code: grpc.status.UNAVAILABLE };
      await assert.rejects(call(dial(port, identityOf(identity))), error);
    });
  }

  it('lets members of the job in, by address and by a name in the certificate', async () => {
    const credentials = identityOf(makeIdentity(authority));
    assert.equal(await call(dial(port, credentials)), true);
    assert.equal(await call(dial(port, credentials, 'localhost')), true);
  });

  it('lets them in where addresses are of IPv6', { skip: HAS_IPV6 ? false : 'this machine has no IPv6' }, async () => {
    const sixth = await serve(identityOf(server), '::1');
    assert.equal(await call(dial(sixth, identityOf(makeIdentity(authority)), '::1')), true);
  });

  it('refuses a client that shows no certificate', async () => {
    const { ca, certificate, key } = makeIdentity(authority);
    const own = [Buffer.from(key), Buffer.from(certificate)] as const;
    const client = (...shown: [] | typeof own): Client<'Coordinator'> => {
      const channel = grpc.credentials.createSsl(Buffer.from(ca), ...shown);
      const name = { 'grpc.ssl_target_name_override': 'localhost' };
      const made = new definitions.Coordinator(formatAddress({ host: HOST, port }), channel, name);
      clients.push(made);
      return made;
    };
    assert.equal(await call(client(...own)), true);
    await assert.rejects(call(client()), { code: grpc.status.UNAVAILABLE });
  });

  it('refuses a member that bears another name than the one dialled', async () => {
    const nameless = await serve(identityOf(makeIdentity(authority)));
    const credentials = identityOf(makeIdentity(authority));
    await assert.rejects(call(dial(nameless, credentials, 'localhost')), { code: grpc.status.UNAVAILABLE });
  });

  it('is off where a process has no identity', async () => {
    assert.equal(processCredentials().sockets, null);
    const open = await serve(processCredentials());
    assert.equal(await call(dial(open, processCredentials())), true);
  });
});

/** The certificate that a server shows to a new connection. */
function shownBy(port: number, { ca, certificate, key }: TlsIdentity): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const options = {
      host: HOST,
      port,
      ca,
      cert: certificate,
      key,
      ALPNProtocols: ['h2'],
      checkServerIdentity: () => undefined,
    };
    const socket = connectTls(options, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 10_000;
  while (!(await isSo())) {
    assert.ok(Date.now() < endMs, 'it never came to be');
    await delay(10);
  }
}

describe('renewed certificates', () => {
  it('are shown and believed by new connections, through a change of authority, while old ones live on', async () => {
    const [first, second] = [authority, makeAuthority()];
    const mine = new SecretFolder(makeIdentity(first));
    const theirs = new SecretFolder(makeIdentity(first));
    const errors: Error[] = [];
    const follow = ({ directory }: SecretFolder): TlsFolder =>
      new TlsFolder({ directory, onError: (error) => errors.push(error), pollIntervalMs: 10 });
    const [server, client] = [follow(mine), follow(theirs)];
    try {
      const port = await serve(mutualCredentials(server));
      const credentials = mutualCredentials(client);
      const old = dial(port, credentials);
      assert.equal(await call(old), true);

      // Both authorities are believed before anybody shows a certificate of the second.
      const both = [first, second];
      mine.write(makeIdentity(first, {}, both));
      theirs.write(makeIdentity(first, {}, both));
      await until(() => [server, client].every(({ current }) => current.ca.split('BEGIN').length === 3));
      const next = makeIdentity(second, {}, both);
      mine.write(next);
      const { fingerprint256 } = new X509Certificate(next.certificate);
      await until(async () => (await shownBy(port, client.current)).fingerprint256 === fingerprint256);
      theirs.write(makeIdentity(second, {}, [second]));
      await until(() => client.current.ca === second.certificate);

      assert.equal(await call(old), true, 'the old connection');
      assert.equal(await call(dial(port, credentials)), true, 'another client of the same process');
      assert.deepEqual(errors, []);
    } finally {
      for (const folder of [server, client]) folder.close();
      for (const folder of [mine, theirs]) folder.remove();
    }
  });

  it('leave a process alone until they are whole', async () => {
    const before = makeIdentity(authority);
    const folder = new SecretFolder(before);
    const errors: Error[] = [];
    const followed = new TlsFolder({
      directory: folder.directory,
      onError: (error) => errors.push(error),
      pollIntervalMs: 10,
    });
    try {
      const other = makeIdentity(authority);
      folder.write({ ...other, key: before.key });
      await until(() => errors.length > 0);
      assert.match(errors[0]?.message ?? '', /tls\.key is not the key of tls\.crt/);
      assert.equal(followed.current.certificate, before.certificate);
      folder.write(other);
      await until(() => followed.current.certificate === other.certificate);
    } finally {
      followed.close();
      folder.remove();
    }
  });

  it('must be whole at the start', () => {
    assert.throws(() => new TlsFolder({ directory: '/nonexistent', onError: () => {} }), /TLS files in \/nonexistent/);
  });
});
