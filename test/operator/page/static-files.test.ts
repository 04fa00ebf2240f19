// The list of the page's files is complete, and holds no more than there is.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { it } from 'node:test';
import { readStaticFiles, STATIC_NAMES } from '../../../operator/page/static-files.ts';

it('hands out every file of the folder, and what they load', () => {
  const folder = new URL('../../../operator/page/static/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name !== 'tsconfig.json');
  assert.deepEqual([...STATIC_NAMES].sort(), files.sort());
  const served = readStaticFiles();
  for (const [path, { body }] of served) {
    for (const [, target] of body
      .toString()
      .matchAll(/(?:from |import |href="|src=")'?\.?\/?([\w-]+\.(?:js|css|svg))/g)) {
      assert.ok(served.has(`/${target}`), `${path} loads ${target}`);
    }
  }
});
