/** The GSM8K example: what its reward counts as right, what its prompts are, and that its job is accepted and planned. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { convertFile, convertLine, toPrompt } from '../../../examples/gsm8k/prepare.ts';
import { finalNumber, score } from '../../../examples/gsm8k/reward.ts';
import { readManifestText } from '../../../operator/api/manifest-text.ts';
import { parsePPOJob } from '../../../operator/api/parse.ts';
import type { PPOJob } from '../../../operator/api/ppojob.ts';
import { compileJob } from '../../../operator/plan/compile-job.ts';
import { planJob } from '../../../operator/plan/plan.ts';
import { MACHINE } from '../../../operator/plan/platform.ts';
import { jobConfigSchema } from '../../../worker/api/job-config.ts';

const judge = (response: string, answer: string | null, isFinished = true) =>
  score({ prompt: '', response, answer, isFinished });

test('a response is right when its final number is the answer', () => {
  assert.equal(judge('48 / 2 = 24, and 48 + 24 = 72.\n#### 72', '72'), 1);
  assert.equal(judge('#### 71', '72'), 0);
  assert.equal(judge('first #### 71, no: #### $1,234.50', '1234.5'), 1);
  assert.equal(judge('so it is \\boxed{-3}', '-3'), 1);
  assert.equal(judge('#### 5 \\boxed{6}', '5'), 1, 'what the dataset writes comes first');
  assert.equal(judge('72', '72'), 0, 'a number that is not marked');
  assert.equal(judge('#### 72', '72', false), 0, 'cut off');
  assert.equal(judge('#### 72', null), 0);
  assert.equal(judge('#### seventy', 'seventy'), 0);
  assert.equal(judge('#### -$18', '-18'), 1);
});

test('a solution without a final number has none', () => {
  assert.equal(finalNumber('there are 3 apples'), null);
  assert.equal(finalNumber('#### '), null);
});

test('a line of GSM8K becomes a prompt in the chat format and a bare number', () => {
  const line = JSON.stringify({ question: 'How many?', answer: 'Natalia sold 48/2 = <<48/2=24>>24.\n#### 1,024' });
  assert.deepEqual(JSON.parse(convertLine(line)), { prompt: toPrompt('How many?'), answer: '1024' });
  assert.match(
    toPrompt('How many?'),
    /^<\|im_start\|>system\n.*<\|im_end\|>\n<\|im_start\|>user\nHow many\?<\|im_end\|>\n/s,
  );
  assert.ok(toPrompt('How many?').endsWith('<|im_start|>assistant\n'));
  assert.equal(convertFile(`${line}\n\n${line}\n`).trim().split('\n').length, 2);
});

test('a file that is not of GSM8K is refused by its line', () => {
  const good = JSON.stringify({ question: 'q', answer: '#### 1' });
  assert.throws(() => convertFile(`${good}\n{"question": 1}`), /line 2: .*a text "question"/);
  assert.throws(() => convertFile('{"question":"q","answer":"1"}'), /line 1: .*does not end in "#### <number>"/);
});

/** Its job, as an API server would have it. */
function acceptedJob(): PPOJob {
  const read = readManifestText(readFileSync('examples/gsm8k/ppojob.yaml', 'utf8'));
  assert.ok(read.ok);
  const parsed = parsePPOJob(read.value);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return { ...parsed.job, metadata: { ...parsed.job.metadata, uid: 'uid' } };
}

test('its job is accepted, and compiles to what the workers take', () => {
  const config = jobConfigSchema.parse(compileJob(acceptedJob()));
  assert.equal(config.models.reward, null);
  assert.equal(config.reward.function?.path, '/data/gsm8k/reward.ts');
});

test('the pod for files sees what the job sees, as the same user', () => {
  const [files, claim] = ['files', 'storage'].map((name) => parse(readFileSync(`examples/gsm8k/${name}.yaml`, 'utf8')));
  const job = acceptedJob();
  const { volumes, volumeMounts } = job.spec.podTemplate ?? {};
  assert.deepEqual([files.spec.volumes, files.spec.containers[0].volumeMounts], [volumes, volumeMounts]);
  assert.equal(files.spec.volumes[0].persistentVolumeClaim.claimName, claim.metadata.name);
  const [pod] = planJob(job, { outcome: null, platform: { ...MACHINE, kind: 'Cluster' } }).pods;
  assert.deepEqual(files.spec.securityContext, pod?.spec.securityContext);
});
