// Credentials are read once for everybody, and again when they are old, forgotten or could not be read.

import assert from 'node:assert/strict';
import { beforeEach, it } from 'node:test';
import type { ServerAccess } from '../../../operator/cluster/credentials.ts';
import { RememberedCredentials } from '../../../operator/cluster/remembered-credentials.ts';
import { ManualClock, settle } from './fixtures.ts';

/** Each read ends when the test says so. */
class Slow extends RememberedCredentials {
  readonly namespace = 'default';
  readonly reads: { resolve: (access: ServerAccess) => void; reject: (error: Error) => void }[] = [];

  protected read(): Promise<ServerAccess> {
    const { promise, ...end } = Promise.withResolvers<ServerAccess>();
    this.reads.push(end);
    return promise;
  }

  end(index: number): void {
    const server = `https://read-${index}`;
    this.reads[index]!.resolve({ server, headers: {}, dispatcher: { type: 'agent', connect: {} }, connectionKey: '' });
  }
}

let clock: ManualClock;
let credentials: Slow;
beforeEach(() => {
  clock = new ManualClock();
  credentials = new Slow(clock);
});

const serverOf = async (access: Promise<ServerAccess>): Promise<string> => (await access).server;

it('are read once for all who ask, however long it takes, and again when they are old', async () => {
  const first = credentials.access();
  await clock.advance(60_000);
  const second = credentials.access();
  credentials.end(0);
  assert.deepEqual([await serverOf(first), await serverOf(second)], ['https://read-0', 'https://read-0']);
  await clock.advance(29_999);
  assert.equal(await serverOf(credentials.access()), 'https://read-0');
  await clock.advance(1);
  const renewed = credentials.access();
  credentials.end(1);
  assert.equal(await serverOf(renewed), 'https://read-1');
});

it('that are forgotten while they are read are read again, and what was read before is not remembered', async () => {
  const refused = credentials.access();
  credentials.forget();
  const next = credentials.access();
  credentials.end(1);
  credentials.end(0);
  assert.deepEqual([await serverOf(refused), await serverOf(next)], ['https://read-0', 'https://read-1']);
  assert.equal(await serverOf(credentials.access()), 'https://read-1');
});

it('that could not be read are read again', async () => {
  const failing = [credentials.access(), credentials.access()];
  credentials.reads[0]!.reject(new Error('no token'));
  for (const access of failing) await assert.rejects(access, { message: 'no token' });
  await settle();
  const next = credentials.access();
  credentials.end(1);
  assert.equal(await serverOf(next), 'https://read-1');
});
