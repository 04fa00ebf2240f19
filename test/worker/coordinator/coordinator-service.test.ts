/** The Coordinator service over a real connection: what it answers of figures. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coordinatorHandlers } from '../../../worker/coordinator/coordinator-service.ts';
import { FigureHistory } from '../../../worker/coordinator/figure-history.ts';
import { Membership } from '../../../worker/coordinator/membership.ts';
import { ProgressBoard } from '../../../worker/coordinator/progress.ts';
import { connect, definitions } from '../../../worker/service/protos.ts';
import { unary } from '../../../worker/service/rpc.ts';
import { startGrpcServer } from '../../../worker/service/server.ts';

test('figures are read from the start, or after an iteration that is known', async () => {
  const nowMs = () => 0;
  const expected = { actor: 1, critic: 1, generation: 1, reference: 1, reward: 1 };
  const membership = new Membership({ expected, silentMs: 1000, nowMs });
  const figures = new FigureHistory();
  const handlers = coordinatorHandlers({ membership, progress: new ProgressBoard(3, nowMs), figures });
  const server = await startGrpcServer({ host: '127.0.0.1', port: 0, services: [[definitions.Coordinator, handlers]] });
  const client = connect('Coordinator', `127.0.0.1:${server.port}`);
  const read = async (afterIteration: number) => {
    return (await unary(client, client.readFigures, { afterIteration }, { deadlineMs: 30_000 })).series;
  };
  try {
    assert.deepEqual(await read(0), []);
    for (const iteration of [1, 2, 3]) figures.add(iteration, { 'rollout/score': iteration / 3 });
    const all = { name: 'rollout/score', iterations: [1, 2, 3], values: [1 / 3, 2 / 3, 1] };
    assert.deepEqual(await read(0), [all]);
    assert.deepEqual(await read(2), [{ name: 'rollout/score', iterations: [3], values: [1] }]);
    assert.deepEqual(await read(3), []);
  } finally {
    client.close();
    await server.close(100);
  }
});
