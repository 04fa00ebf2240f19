/** What the guide for OpenRLHF's users says: an answer to every option under every name it has had, and a reward that works. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it, test } from 'node:test';
import { OPENRLHF_WORDS } from '../../operator/api/foreign-keys.ts';
import { findBlocks, readDocument } from './documents.ts';

const GUIDE = 'docs/migrating-from-openrlhf.md';
const guide = readDocument(GUIDE);
const isAnswered = (option: string): boolean => guide.includes(`\`${option}\``);
const read = (name: string): string[] =>
  readFileSync(`test/fixtures/openrlhf/${name}.txt`, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
const options = read('options');

test('every option has an answer', () => {
  assert.equal(options.length, 164);
  assert.deepEqual(options.filter((option) => !isAnswered(option)), []); // biome-ignore format: one thought
});

test('every option of before names had dots is found by its words, or in a table', () => {
  const before = read('options-without-dots');
  assert.equal(before.length, 139);
  const keepsWords = (name: string): boolean =>
    options.some((option) => option.replaceAll('.', '_') === name || option.endsWith(`.${name}`));
  assert.deepEqual(before.filter((name) => !keepsWords(name) && !isAnswered(name)), []); // biome-ignore format: one thought
});

/** The first cell's names and the second's text of every row of a table. */
const rows = guide
  .split('\n')
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
  .filter((cells) => cells.length === 4)
  .map(([, names = '', answer = '']) => ({ names, answer }));

function answersTo(option: string): string[] {
  const answers = rows.filter(({ names }) => names.includes(`\`${option}\``)).map(({ answer }) => answer);
  const now = options.filter((other) => other.replaceAll('.', '_') === option || other.endsWith(`.${option}`));
  const named = answers.flatMap((answer) => options.filter((other) => answer.includes(`\`${other}\``)));
  return [...answers, ...[...now, ...named].flatMap((other) => (other === option ? [] : answersTo(other)))];
}

test('a refused manifest says of an option what the guide says', () => {
  for (const [option, end] of Object.entries(OPENRLHF_WORDS)) {
    const field = end.split('.').at(-1) ?? '';
    assert.ok(answersTo(option).some((answer) => answer.includes(field)), `${option}: ${answersTo(option)}`); // biome-ignore format: one thought
  }
});

describe('the function that asks a reward server', () => {
  const asked: unknown[] = [];
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    asked.push(JSON.parse(Buffer.concat(chunks).toString()));
    response.writeHead(asked.length > 1 ? 500 : 200).end(JSON.stringify({ rewards: [0.5] }));
  });
  before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  after(() => new Promise<void>((resolve) => server.close(() => resolve())));

  it('gets its reward, and fails where it gets none', async () => {
    const [block] = findBlocks(GUIDE).filter(({ language }) => language === 'ts');
    const { port } = server.address() as AddressInfo;
    const text = block?.text.replace(/http:\/\/[^/]+/, `http://127.0.0.1:${port}`) ?? '';
    const { score } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
    const input = { prompt: '1+1=', response: '2', answer: null, isFinished: true };
    assert.equal(await score(input), 0.5);
    assert.deepEqual(asked, [{ query: ['1+1=2'], prompts: ['1+1='], labels: [''] }]);
    await assert.rejects(score(input), /the reward server answers 500/);
  });
});
