/** Arguments: what they mean, and that every mistake is named. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_MANIFEST, HELP, parseArguments } from '../../../operator/local/arguments.ts';

test('without arguments the example runs', () => {
  const parsed = parseArguments([]);
  assert.ok(parsed.kind === 'run');
  assert.equal(parsed.run.manifestPath, DEFAULT_MANIFEST);
  assert.equal(parsed.run.isDefaultManifest, true);
  assert.equal(parsed.run.outputPath, null);
});

test('every option is understood, in any order', () => {
  const args = [
    '--plain',
    'a.yaml',
    '--output',
    'out',
    '--set',
    'spec.a=b=c',
    '--resume',
    '--seed=7',
    '--set',
    'spec.d=1',
  ];
  const parsed = parseArguments(args);
  assert.ok(parsed.kind === 'run');
  assert.deepEqual(parsed.run, {
    manifestPath: 'a.yaml',
    isDefaultManifest: false,
    isResume: true,
    outputPath: 'out',
    overrides: [
      { path: 'spec.a', value: 'b=c' },
      { path: 'spec.d', value: '1' },
      { path: 'spec.seed', value: '7' },
    ],
    isDryRun: false,
    isPlain: true,
    isQuiet: false,
    page: null,
  });
});

test('the page is on a free port or the one that is given, and stays where that is asked', () => {
  const pageOf = (...args: string[]) => {
    const parsed = parseArguments(args);
    assert.ok(parsed.kind === 'run');
    return parsed.run.page;
  };
  assert.deepEqual(pageOf('--page'), { port: 0, staysAfterEnd: false });
  assert.deepEqual(pageOf('--page-port', '8081'), { port: 8081, staysAfterEnd: false });
  assert.deepEqual(pageOf('--keep-page', '--page-port=0'), { port: 0, staysAfterEnd: true });
  for (const port of ['65536', '-1', '1e3', 'x']) {
    const parsed = parseArguments([`--page-port=${port}`]);
    assert.ok(parsed.kind === 'wrong');
    assert.deepEqual(parsed.problems, [
      `--page-port must be a port from 0 (one that is free) to 65535, found "${port}"`,
    ]);
  }
});

test('mistakes are all listed', () => {
  const parsed = parseArguments(['a', 'b', '--set', 'x', '--nope', '--plain=3', '--output']);
  assert.ok(parsed.kind === 'wrong');
  const text = parsed.problems.join('\n');
  for (const part of ['a b', '"x"', '--nope', '--plain takes no value, found "3"', '--output needs a value']) {
    assert.ok(text.includes(part), `${part} in ${text}`);
  }
  assert.equal(parsed.problems.length, 5);
});

test('--help wins over everything and names every option', () => {
  assert.equal(parseArguments(['--nope', '-h']).kind, 'help');
  assert.equal(parseArguments(['--version']).kind, 'version');
  for (const option of [
    'resume',
    'output',
    'seed',
    'set',
    'dry-run',
    'plain',
    'quiet',
    'page',
    'page-port',
    'keep-page',
    'version',
  ]) {
    assert.ok(HELP.includes(`--${option}`));
  }
});

test('an option is never taken for the value of the one before it, unless it stands behind a =', () => {
  const parsed = parseArguments(['--output', '--plain']);
  assert.deepEqual(parsed, { kind: 'wrong', problems: ['--output needs a value, found --plain'] });
  const inline = parseArguments(['--output=--plain']);
  assert.ok(inline.kind === 'run');
  assert.equal(inline.run.outputPath, '--plain');
  assert.equal(inline.run.isPlain, false);
});

test('an option that there is not names the one that is meant', () => {
  const problemsOf = (...args: string[]) => {
    const parsed = parseArguments(args);
    return parsed.kind === 'wrong' ? parsed.problems : [];
  };
  assert.deepEqual(problemsOf('--dryrun', '--frob'), [
    '--dryrun is no option; did you mean --dry-run?',
    '--frob is no option; --help lists them',
  ]);
  assert.deepEqual(problemsOf('--constructor'), ['--constructor is no option; --help lists them']);
});
