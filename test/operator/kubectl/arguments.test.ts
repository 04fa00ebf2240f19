/** The command line: what is understood, and what is said of what isn't. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flagsOf, type Invocation, parseArguments } from '../../../operator/kubectl/arguments.ts';
import { COMMAND_NAMES, COMMON_FLAGS, FLAGS_OF } from '../../../operator/kubectl/flags.ts';
import { HELP, HELP_OF } from '../../../operator/kubectl/help.ts';

function run(...args: string[]): Invocation {
  const parsed = parseArguments(args);
  assert.equal(parsed.kind, 'run', JSON.stringify(parsed));
  return (parsed as { run: Invocation }).run;
}

function problems(...args: string[]): readonly string[] {
  const parsed = parseArguments(args);
  return parsed.kind === 'wrong' ? parsed.problems : [];
}

test('a command, a name, and flags before or behind them', () => {
  const { command, name, flags } = run('-n', 'ml', 'logs', 'tiny', '--role=actor', '--index', '1', '-f', '--tail', '5');
  assert.deepEqual([command, name], ['logs', 'tiny']);
  const { namespace, role, index, isFollowed, tail, output } = flags;
  assert.deepEqual(
    { namespace, role, index, isFollowed, tail, output },
    {
      ...{ namespace: 'ml', role: 'actor', index: 1, isFollowed: true, tail: 5, output: 'text' },
    },
  );
});

test("kubectl's flags for whom to ask, and as whom", () => {
  const place = ['--cluster', 'c', '--user=u', '-s', 'https://127.0.0.1:6443'];
  const whom = ['--as', 'jane', '--as-group', 'a', '--as-group=b', '--request-timeout', '90'];
  const { cluster, user, server, as, asGroups, requestTimeoutSeconds } = run('status', ...place, ...whom).flags;
  assert.deepEqual([cluster, user, server, as], ['c', 'u', 'https://127.0.0.1:6443', 'jane']);
  assert.deepEqual([asGroups, requestTimeoutSeconds], [['a', 'b'], 90]);
  assert.equal(run('status', '--request-timeout', '2m').flags.requestTimeoutSeconds, 120);
});

test('a short flag with its value behind a =, as kubectl takes it', () => {
  const { namespace, output } = run('logs', 'a', '-n=ml', '-o=json').flags;
  assert.deepEqual([namespace, output], ['ml', 'json']);
  assert.deepEqual(problems('logs', 'a', '-f=true'), ['--follow takes no value, found "true"']);
});

test('flags of a command that is not whole yet', () => {
  const { context, namespace } = flagsOf(['scale', '--context', 'far', '-n', 'ml', 'ti']);
  assert.deepEqual([context, namespace], ['far', 'ml']);
});

test('names as kubectl prints them', () => {
  for (const name of ['tiny', 'ppo/tiny', 'ppojob/tiny', 'ppojobs.rlhf.dev/tiny', 'ppojob.rlhf.dev/tiny']) {
    assert.equal(run('status', name).name, 'tiny');
  }
  for (const name of ['pod/tiny', 'ppo/tiny/0']) {
    assert.deepEqual(problems('status', name), [`${name}: must be the name of a PPOJob`]);
  }
});

test('times', () => {
  assert.equal(run('logs', 'a', '--since', '1h30m').flags.sinceSeconds, 5400);
  assert.equal(run('logs', 'a', '--since', '2d').flags.sinceSeconds, 172_800);
  const { sinceTime } = run('logs', 'a', '--since-time', '2026-01-31T12:00:00+01:00').flags;
  assert.equal(sinceTime, '2026-01-31T11:00:00.000Z');
});

test('help: of the plugin, of a command, however it is asked for', () => {
  for (const args of [[], ['help'], ['--help'], ['-h']])
    assert.deepEqual(parseArguments(args), { kind: 'help', command: null });
  for (const args of [
    ['top', '-h'],
    ['help', 'top'],
    ['top', 'a', '--help'],
  ]) {
    assert.deepEqual(parseArguments(args), { kind: 'help', command: 'top' });
  }
});

test('help names every command and every flag', () => {
  for (const command of COMMAND_NAMES) {
    assert.match(HELP, new RegExp(`^ {2}${command} `, 'm'));
    for (const flag of [...FLAGS_OF[command], ...COMMON_FLAGS])
      assert.match(HELP_OF[command], new RegExp(`--${flag}\\b`), `${command} ${flag}`);
  }
});

test('a mistake is told once', () => {
  assert.equal(problems('scale', 'a', '--generation', '0').length, 1);
  assert.equal(problems('scale', 'a', '--generation').length, 1);
  assert.deepEqual(problems('scale', 'a', '--replicas', '4'), [
    '--replicas is no flag of scale; did you mean --generation?',
  ]);
  assert.deepEqual(problems('explain', 'a'), ['"explain" is no command of kubectl ppo; did you mean explain-failure?']);
});

test('every problem at once, each with what to do', () => {
  const cases: [string[], RegExp[]][] = [
    [['stauts', 'a'], [/"stauts" is no command.*did you mean status\?/]],
    [['frobnicate'], [/"frobnicate" is no command.*commands: status, logs/]],
    [['logs'], [/logs needs the name of a PPOJob/]],
    [['logs', 'a', 'b'], [/logs takes one name, not: a b/]],
    [['version', 'a'], [/version takes no name, not: a/]],
    [['logs', 'a', '--rol', 'actor'], [/--rol is no flag of logs; did you mean --role\?/]],
    [['suspend', 'a', '-f'], [/-f is no flag of suspend; kubectl ppo suspend --help/]],
    [['logs', 'a', '--role'], [/--role needs a value/]],
    [['logs', 'a', '--role', '--follow'], [/--role needs a value, found --follow/]],
    [['logs', 'a', '--follow=yes'], [/--follow takes no value, found "yes"/]],
    [
      ['logs', 'a', '--role', 'x', '--index', '-1', '--since', '5', '-o', 'yaml'],
      [
        /--index needs a value, found -1/,
        /--role x: must be one of coordinator, /,
        /--since 5: .*30s/,
        /--output yaml: must be text or json/,
      ],
    ],
    [['status', '--server', '127.0.0.1:6443'], [/--server 127.*: must be a URL such as/]],
    [['status', '--request-timeout', '0'], [/--request-timeout 0: must be a time/]],
    [['status', '--request-timeout', '9999d'], [/--request-timeout 9999d: must be a time/]],
    [['status', '--as-group', 'a'], [/give --as, too/]],
    [['status', '--as-group'], [/--as-group needs a value/]],
    [['logs', 'a', '--index', '1'], [/give --role, too/]],
    [['logs', 'a', '-f', '-p'], [/--follow and --previous exclude/]],
    [['logs', 'a', '--since', '1m', '--since-time', 'soon'], [/--since-time soon: must be a date/]],
    [['scale', 'a'], [/scale needs --generation N/]],
    [['scale', 'a', '--generation', '0'], [/--generation 0: must be a number of pods from 1 to 1024/]],
    [['status', '-w'], [/--watch needs the name of a PPOJob.*kubectl get ppojobs -w/]],
    [['status', 'a', '-w', '--once'], [/exclude each other/]],
    [['status', 'a', '-A'], [/takes no name/]],
    [['status', '-A', '-n', 'x'], [/exclude each other/]],
  ];
  for (const [args, expected] of cases) {
    const found = problems(...args);
    for (const pattern of expected)
      assert.ok(
        found.some((text) => pattern.test(text)),
        `${args.join(' ')}: ${found}`,
      );
  }
});
