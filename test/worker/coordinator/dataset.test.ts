/** JSON lines in, prompts out; whatever is wrong is said at once. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type DatasetSource, readDataset } from '../../../worker/coordinator/dataset.ts';

const folder = mkdtempSync(join(tmpdir(), 'ppo-dataset-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const rules = {
  encode: (text: string) => {
    if (text.includes('?')) throw new RangeError('"?" has no token');
    return [...text].map((character) => character.charCodeAt(0) - 48);
  },
  maxPromptTokens: 4,
  vocabSize: 10,
};

function read(lines: readonly string[], changes: Partial<DatasetSource> = {}) {
  const path = join(folder, 'data.jsonl');
  writeFileSync(path, lines.join('\n'));
  return readDataset(
    { path, name: 'dataset.train', promptField: 'p', answerField: 'a', needsAnswers: false, limit: null, ...changes },
    rules,
  );
}

describe('readDataset', () => {
  it('reads prompts and answers, text or number, and skips empty lines', () => {
    const { records, problems } = read(['{"p":"12","a":"x"}', '', '{"p":"3","a":7}'], { needsAnswers: true });
    assert.deepEqual(problems, []);
    assert.deepEqual(
      records.map(({ promptTokenIds, answer }) => [promptTokenIds, answer]),
      [
        [[1, 2], 'x'],
        [[3], '7'],
      ],
    );
  });

  it('reads the first lines only where a limit is set', () => {
    assert.equal(read(['{"p":"1"}', '{"p":"2"}', 'broken'], { limit: 2 }).records.length, 2);
  });

  it('lists every bad line with its number', () => {
    const lines = [
      '{"p":"1","a":"1"}',
      'nonsense',
      '[1]',
      '{"q":"1"}',
      '{"p":""}',
      '{"p":"1","a":null}',
      '{"p":"?","a":"1"}',
    ];
    const { problems } = read(lines, { needsAnswers: true });
    const text = problems.join('\n');
    assert.match(text, /line 2: not JSON: nonsense/);
    assert.match(text, /line 3: not a JSON object: \[1\]/);
    assert.match(text, /line 4: "p" is absent, not a text/);
    assert.match(text, /line 5: "p" is "", not a text/);
    assert.match(text, /line 6: "a" is null, not a text or a number/);
    assert.match(text, /line 7: the tokenizer refuses the prompt: "\?" has no token/);
    assert.match(text, /data\.jsonl has 6 bad lines; correct or remove/);
  });

  it('names the first bad lines and counts the rest, in one problem', () => {
    const { problems } = read(Array.from({ length: 25 }, () => 'bad'));
    assert.equal(problems.length, 1);
    assert.equal(problems[0]!.match(/not JSON/g)!.length, 6);
    assert.match(problems[0]!, /has 25 bad lines; .*and 19 more$/s);
  });

  it('says which fields a line has where the one asked for is absent', () => {
    const { problems } = read(['{"prompt":"1","answer":"2"}']);
    assert.match(problems[0]!, /"p" is absent, not a text; the line has prompt, answer$/);
  });

  it('reads files with a byte order mark and with Windows line ends', () => {
    const { records, problems } = read(['\uFEFF{"p":"1"}\r', '{"p":"2"}\r']);
    assert.deepEqual(problems, []);
    assert.equal(records.length, 2);
  });

  it('counts prompts that are too long or beyond the vocabulary', () => {
    const { problems } = read(['{"p":"1"}', '{"p":"12345"}', '{"p":"123456"}', '{"p":"B"}']);
    assert.match(problems[0]!, /2 of 4 prompts have more than 4 tokens \(the longest, line 3, has 6\)/);
    assert.match(problems[1]!, /1 of 4 prompts have tokens beyond the vocabulary of 10 \(line 4 has 18\)/);
  });

  it('says what is wrong with a file that is missing or empty', () => {
    assert.match(read([]).problems[0]!, /has no lines/);
    assert.match(read(['{"p":"1"}'], { path: join(folder, 'none') }).problems[0]!, /can't be read \(ENOENT/);
  });

  it('gives files of other content another checksum', () => {
    assert.notEqual(read(['{"p":"1"}']).checksum, read(['{"p":"2"}']).checksum);
  });
});
