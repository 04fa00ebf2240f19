/** Lines as people and programs read them, whatever a pod writes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { hueOf, renderJson, renderText } from '../../../operator/kubectl/log-line.ts';

const SOURCE = { pod: 'tiny-actor-0', container: 'worker', title: 'tiny-actor-0', hue: hueOf(0) };
const PINO = {
  ...{ level: 'info', time: '2026-01-01T12:00:01.250Z', job: 'tiny', role: 'actor', rank: 0, pod: 'tiny-actor-0' },
  ...{ name: 'actor', iteration: 3, group: 'a b', score: 0.83053087987, tokens: 12345678, msg: 'joined' },
};
const line = (entry: unknown) => ({
  time: '2026-01-01T12:00:01.250999Z',
  text: typeof entry === 'string' ? entry : JSON.stringify(entry),
});

test('a line of pino: time, level, pod, message, and the fields that are not said otherwise', () => {
  const text = renderText(line(PINO), SOURCE, false);
  assert.equal(
    text,
    '12:00:01.250 INFO  tiny-actor-0 joined  iteration=3  group="a b"  score=0.830531  tokens=12345678',
  );
  const colored = renderText(line(PINO), SOURCE, true);
  assert.notEqual(colored, text);
  assert.equal(stripVTControlCharacters(colored), text);
});

test("levels as numbers, errors with their stack, and other people's lines", () => {
  const failed = { level: 50, msg: 'failed', err: { message: 'no', stack: 'Error: no\n    at f (x.ts:1)' } };
  assert.equal(
    renderText(line(failed), SOURCE, false),
    '12:00:01.250 ERROR tiny-actor-0 failed\n    Error: no\n        at f (x.ts:1)',
  );
  assert.equal(renderText(line('{"half'), SOURCE, false), '12:00:01.250       tiny-actor-0 {"half');
  const unstamped = renderText({ time: '', text: 'plain' }, SOURCE, false);
  assert.equal(unstamped, '-                  tiny-actor-0 plain');
  assert.match(renderText({ time: '2026-01-01T12:00:01Z', text: 'x' }, SOURCE, false), /^12:00:01\.000 /);
});

test('nothing that a pod writes moves the cursor', () => {
  const text = renderText(line({ level: 'info', msg: 'a\x1b[2Jb\rc\x07' }), SOURCE, false);
  assert.equal(text, '12:00:01.250 INFO  tiny-actor-0 abc');
});

test('as JSON: lines of pino as they are, others in an object', () => {
  assert.equal(renderJson(line(PINO), SOURCE), JSON.stringify(PINO));
  assert.deepEqual(JSON.parse(renderJson(line('plain "x"'), SOURCE)), {
    ...{ time: '2026-01-01T12:00:01.250999Z', pod: 'tiny-actor-0', container: 'worker', msg: 'plain "x"' },
  });
});
