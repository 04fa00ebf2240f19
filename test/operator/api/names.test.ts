/** Names that others depend on: the group string stands in one file, roles and ports agree with the worker's. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { GROUP, PORTS, ROLE_NAMES, TENSOR_ROLES } from '../../../operator/api/names.ts';
import { ROLES } from '../../../worker/config.ts';

const ROOT = new URL('../../../', import.meta.url).pathname;

test('the API group is written in one source file', () => {
  const files = ['operator', 'worker'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  const holders = files.filter((file) => readFileSync(join(ROOT, file), 'utf8').includes(GROUP));
  assert.deepEqual(holders, ['operator/api/names.ts']);
});

test("the roles are the worker's, the communicator being a sidecar and not a role of a job", () => {
  assert.deepEqual([...ROLE_NAMES, 'communicator'].sort(), [...ROLES].sort());
  for (const role of TENSOR_ROLES) assert.ok(ROLE_NAMES.includes(role));
});

test('ports of a pod differ', () => {
  const ports = Object.values(PORTS);
  assert.equal(new Set(ports).size, ports.length);
});
