/** What the documents say is so: generated parts are up to date, links lead somewhere, manifests are accepted. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { CONDITIONS, REASONS } from '../../operator/api/names.ts';
import { parsePPOJob } from '../../operator/api/parse.ts';
import { REFERENCE_FILE, renderReference } from '../../operator/api/reference.ts';
import { anchorOf, brokenLinks, commandsOf, findBlocks, findDocuments, readDocument } from './documents.ts';

const documents = findDocuments();
const blocks = documents.flatMap((file) => findBlocks(file));

test('the reference of all fields is what the schemas say: npm run generate', () => {
  assert.equal(readDocument(REFERENCE_FILE), renderReference());
});

test('every link leads to a file, and to a heading of it', () => {
  assert.ok(documents.length > 8);
  assert.deepEqual(documents.flatMap(brokenLinks), []);
});

test('links, anchors and commands are found as they are written', () => {
  assert.equal(anchorOf('Why a job fails'), 'why-a-job-fails');
  assert.equal(anchorOf('`kubectl delete` hangs'), 'kubectl-delete-hangs');
  const block = { file: '', line: 1, language: 'sh', text: 'a b # c\n# d\ne \\\n  f\n' };
  assert.deepEqual(commandsOf(block), ['a b', 'e f']);
});

test('every example of YAML is YAML, and what it says of a PPOJob is accepted', () => {
  const yaml = blocks.filter(({ language }) => language === 'yaml');
  assert.ok(yaml.length >= 5);
  const example = parse(readFileSync('examples/arithmetic/ppojob.yaml', 'utf8')) as { spec: object };
  for (const { file, line, text } of yaml) {
    for (const document of parseAllDocuments(text)) {
      assert.deepEqual(document.errors, [], `${file}:${line}`);
      const found = document.toJS() as { kind?: string; spec?: object } | null;
      const isPart = found?.kind === undefined && found?.spec !== undefined && Object.keys(found).length === 1;
      if (found?.kind !== 'PPOJob' && !isPart) continue;
      const job = isPart ? { ...example, spec: merge(example.spec, found.spec) } : found;
      const parsed = parsePPOJob(job);
      assert.ok(parsed.ok, `${file}:${line}: ${JSON.stringify(parsed)}`);
    }
  }
});

test('every condition, and every reason for which a job fails, is explained', () => {
  const life = readDocument('docs/life-of-a-job.md');
  for (const condition of Object.values(CONDITIONS)) assert.match(life, new RegExp(`^\\| ${condition} \\|`, 'm'));
  const policy = readDocument('docs/failure-policy.md');
  const ends = [
    ...[REASONS.restartLimitReached, REASONS.backoffLimitExceeded, REASONS.failurePolicy, REASONS.unschedulable],
    ...[REASONS.hopelessConfiguration, REASONS.commandNotRunnable, REASONS.imageUnavailable],
    ...[REASONS.configurationMissing, REASONS.deadlineExceeded],
  ];
  for (const reason of ends) assert.match(policy, new RegExp(`^\\| \`${reason}\` \\|`, 'm'));
});

test('every option of OpenRLHF has an answer', () => {
  const options = readFileSync('test/fixtures/openrlhf/options.txt', 'utf8').split('\n').filter(isOption);
  assert.equal(options.length, 164);
  const guide = readDocument('docs/migrating-from-openrlhf.md');
  const unanswered = options.filter((option) => !guide.includes(`\`${option}\``));
  assert.deepEqual(unanswered, []);
});

function isOption(line: string): boolean {
  return line !== '' && !line.startsWith('#');
}

function merge(base: unknown, over: unknown): object {
  const isMapping = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMapping(base) || !isMapping(over)) return over as object;
  const keys = new Set([...Object.keys(base), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, key in over ? merge(base[key], over[key]) : base[key]]));
}
