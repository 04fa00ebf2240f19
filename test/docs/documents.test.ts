/** What the documents say is so: generated parts are up to date, links lead somewhere, manifests are accepted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { CONDITIONS, JOB_CONFIG_KEY, REASONS } from '../../operator/api/names.ts';
import { parsePPOJob } from '../../operator/api/parse.ts';
import { REFERENCE_FILE, renderReference } from '../../operator/api/reference.ts';
import { planJob } from '../../operator/plan/plan.ts';
import { MACHINE } from '../../operator/plan/platform.ts';
import { jobConfigSchema } from '../../worker/api/job-config.ts';
import { anchorOf, brokenLinks, commandsOf, findBlocks, findDocuments, readDocument } from './documents.ts';
import { findManifests } from './manifests.ts';

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

test('every example of YAML is YAML', () => {
  const yaml = blocks.filter(({ language }) => language === 'yaml');
  assert.ok(yaml.length >= 5);
  for (const { file, line, text } of yaml) {
    for (const document of parseAllDocuments(text)) assert.deepEqual(document.errors, [], `${file}:${line}`);
  }
});

test('every PPOJob that is shown is accepted and planned, on one machine and in a cluster', () => {
  const shown = findManifests();
  const places = shown.map(({ where }) => where);
  for (const example of ['arithmetic', 'gsm8k']) assert.ok(places.includes(`examples/${example}/ppojob.yaml`));
  assert.ok(shown.length >= 8, places.join());
  for (const { where, manifest } of shown) {
    const parsed = parsePPOJob(manifest);
    assert.ok(parsed.ok, `${where}: ${JSON.stringify(parsed)}`);
    const job = { ...parsed.job, metadata: { ...parsed.job.metadata, uid: 'uid' } };
    for (const kind of ['Machine', 'Cluster'] as const) {
      const { pods, configMap } = planJob(job, { outcome: null, platform: { ...MACHINE, kind } });
      const config = jobConfigSchema.safeParse(JSON.parse(configMap.data?.[JOB_CONFIG_KEY] ?? ''));
      assert.ok(config.success, `${where}: ${config.error?.message}`);
      assert.ok(pods.length > 0 && pods[0]?.metadata.name?.includes('coordinator'), where);
    }
  }
});

test('every reason of a condition or an event is explained', () => {
  const all = documents.map(readDocument).join('');
  const silent = Object.values(REASONS).filter((reason) => !all.includes(`\`${reason}\``));
  assert.deepEqual(silent, []);
});

test('every condition, and every reason for which a job fails, is explained', () => {
  const life = readDocument('docs/life-of-a-job.md');
  for (const condition of Object.values(CONDITIONS)) assert.match(life, new RegExp(`^\\| ${condition} \\|`, 'm'));
  const policy = readDocument('docs/failure-policy.md');
  const ends = [
    ...[REASONS.restartLimitReached, REASONS.backoffLimitExceeded, REASONS.failurePolicy, REASONS.unschedulable],
    ...[REASONS.hopelessConfiguration, REASONS.commandNotRunnable, REASONS.imageUnavailable],
    ...[REASONS.configurationMissing, REASONS.volumesUnavailable, REASONS.deadlineExceeded],
  ];
  for (const reason of ends) assert.match(policy, new RegExp(`^\\| \`${reason}\` \\|`, 'm'));
});
