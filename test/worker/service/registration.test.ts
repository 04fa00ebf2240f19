/** A worker's rendezvous against a real Coordinator service: patient at the start, and again after a restart. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { pino } from 'pino';
import type { CoordinatorHandlers } from '../../../worker/api/generated/ppo/v1/Coordinator.ts';
import type { RegisterRequest } from '../../../worker/api/generated/ppo/v1/RegisterRequest.ts';
import type { WorkerSettings } from '../../../worker/config.ts';
import { EpochFence } from '../../../worker/service/epoch.ts';
import { definitions } from '../../../worker/service/protos.ts';
import { Registration } from '../../../worker/service/registration.ts';
import { streamHandler, unaryHandler } from '../../../worker/service/rpc.ts';
import { type RunningServer, startGrpcServer } from '../../../worker/service/server.ts';
import { testSettings } from '../support/settings.ts';

const HOST = '127.60.1.1';

/** A coordinator that remembers who registered, until it is replaced. */
class CoordinatorProcess {
  readonly registrations: RegisterRequest[] = [];
  readonly #heard = Promise.withResolvers<void>();
  #server: RunningServer | null = null;

  async start(port: number): Promise<number> {
    const handlers: CoordinatorHandlers = {
      Register: unaryHandler(async (request) => {
        this.registrations.push(request);
        this.#heard.resolve();
        return { epoch: 1, complete: false, members: [] };
      }),
      Heartbeat: unaryHandler(async ({ incarnation }) => ({
        known: this.registrations.some(({ member }) => member?.incarnation === incarnation),
        epoch: 1,
      })),
      WatchProgress: streamHandler(async function* () {}),
      ReadFigures: unaryHandler(async () => ({ series: [] })),
    };
    this.#server = await startGrpcServer({ host: HOST, port, services: [[definitions.Coordinator, handlers]] });
    return this.#server.port;
  }

  registered(): Promise<void> {
    return this.#heard.promise;
  }

  async stop(): Promise<void> {
    await this.#server?.close(100);
  }
}

function settingsFor(port: number): WorkerSettings {
  return testSettings({ role: 'reward', index: 2, podName: 'job-reward-2', coordinatorAddress: `${HOST}:${port}` });
}

describe('registration', () => {
  const open: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const part of open.splice(0).reverse()) await part.stop();
  });

  function register(port: number, fence: EpochFence): Registration {
    const log = pino({ level: 'silent' });
    const registration = Registration.start({ settings: settingsFor(port), fence, log, address: `${HOST}:7000` });
    open.push(registration);
    return registration;
  }

  it('announces role, index, address, pod, incarnation and the newest epoch seen', async () => {
    const coordinator = new CoordinatorProcess();
    open.push(coordinator);
    const fence = new EpochFence();
    fence.admit(4);
    const registration = register(await coordinator.start(0), fence);
    await registration.registered;
    assert.deepEqual(coordinator.registrations[0], {
      member: {
        role: 'reward',
        index: 2,
        address: `${HOST}:7000`,
        incarnation: registration.incarnation,
        pod: 'job-reward-2',
      },
      lastEpoch: 4,
    });
  });

  it('waits for a coordinator that is not there yet, and registers again with its replacement', async () => {
    const probe = new CoordinatorProcess();
    const port = await probe.start(0);
    await probe.stop();
    const registration = register(port, new EpochFence());

    const first = new CoordinatorProcess();
    await first.start(port);
    await registration.registered;
    await first.stop();

    const second = new CoordinatorProcess();
    open.push(second);
    await second.start(port);
    await second.registered();
    const [before, after] = [first, second].map(({ registrations }) => registrations[0]?.member?.incarnation);
    assert.equal(after, before, 'the same process is the same incarnation');
  });

  it('stops at once although nobody ever answered', async () => {
    const registration = Registration.start({
      settings: settingsFor(1),
      fence: new EpochFence(),
      log: pino({ level: 'silent' }),
      address: `${HOST}:7000`,
    });
    await registration.stop();
  });
});
