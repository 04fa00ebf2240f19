// The kernel's settings: saved, and put back where they changed; played by a folder.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { readKernelSettings, restoreKernelSettings, saveKernelSettings } from './kernel-settings.ts';

const root = mkdtempSync(join(tmpdir(), 'ppo-settings-'));
after(() => rmSync(root, { recursive: true, force: true }));

it('are put back as they were, those that this machine has', () => {
  mkdirSync(join(root, 'kernel'));
  mkdirSync(join(root, 'net', 'ipv4'), { recursive: true });
  writeFileSync(join(root, 'kernel', 'panic'), '0\n');
  writeFileSync(join(root, 'net', 'ipv4', 'ip_forward'), '0\n');
  const saved = join(root, 'saved.json');
  restoreKernelSettings(saved, root);
  saveKernelSettings(saved, root);
  writeFileSync(join(root, 'kernel', 'panic'), '10\n');
  writeFileSync(join(root, 'net', 'ipv4', 'ip_forward'), '1\n');
  restoreKernelSettings(saved, root);
  assert.deepEqual(readKernelSettings(root), { 'kernel/panic': '0', 'net/ipv4/ip_forward': '0' });
  assert.equal(readFileSync(join(root, 'kernel', 'panic'), 'utf8'), '0');
});
