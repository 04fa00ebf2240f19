/** Words and colours reach a terminal; what acts on it doesn't. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from '../../../operator/local/printable.ts';

test('colours stay where there are some, lines and tabs always', () => {
  const text = '\x1b[1mbold\x1b[0m\t\x1b[31mred\x1b[0m\n\x1b[92mé▁\x1b[0m';
  assert.equal(printable(text, true), text);
  assert.equal(printable(text, false), 'bold\tred\né▁');
});

test('nothing else does anything', () => {
  const acts = [
    '\x1b[2J',
    '\x1b]0;title\x07',
    '\x9b2J',
    '\x9b31m',
    '\x1b[8m',
    '\x1b[1;31m',
    '\r',
    '\b',
    '\x7f',
    '\x00',
  ];
  for (const text of acts) assert.doesNotMatch(printable(`a${text}b`, true), /\p{Cc}/u, JSON.stringify(text));
});
