/** Alerts: valid rules, each with a test that fires it and one that doesn't, each with a section that says what to do. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { findProgram, skipWithout } from './prometheus.ts';

const ROOT = join(import.meta.dirname, '../..');
const FILES = ['jobs', 'operator'];

interface Rule {
  readonly alert: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string };
}
interface AlertTest {
  readonly alertname: string;
  readonly exp_alerts: readonly unknown[];
}

function read(path: string): unknown {
  return parse(readFileSync(join(ROOT, path), 'utf8'));
}

function rulesOf(file: string): Rule[] {
  const { groups } = read(`charts/ppo-operator/alerts/${file}.yaml`) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

function testsOf(file: string): AlertTest[] {
  const { tests } = read(`test/monitoring/${file}.rules.yaml`) as { tests: { alert_rule_test: AlertTest[] }[] };
  return tests.flatMap((test) => test.alert_rule_test);
}

for (const file of FILES) {
  describe(`alerts of ${file}.yaml`, () => {
    it('are rules that Prometheus takes', { skip: skipWithout('promtool') }, () => {
      execFileSync(findProgram('promtool')!, ['check', 'rules', join(ROOT, `charts/ppo-operator/alerts/${file}.yaml`)]);
    });

    it('fire when they should, and only then', { skip: skipWithout('promtool') }, () => {
      const path = join(ROOT, `test/monitoring/${file}.rules.yaml`);
      execFileSync(findProgram('promtool')!, ['test', 'rules', path], { encoding: 'utf8' });
    });

    it('each have a test that fires and one that does not', () => {
      const tests = testsOf(file);
      const missing = rulesOf(file).flatMap(({ alert }) => {
        const own = tests.filter(({ alertname }) => alertname === alert);
        const fires = own.some(({ exp_alerts: expected }) => expected.length > 0);
        const rests = own.some(({ exp_alerts: expected }) => expected.length === 0);
        return fires && rests ? [] : [alert];
      });
      assert.deepEqual(missing, []);
    });

    it('say what is wrong, how bad it is and what to do', () => {
      const sections = readFileSync(join(ROOT, 'docs/alerts.md'), 'utf8');
      for (const { alert, labels, annotations } of rulesOf(file)) {
        assert.match(labels.severity, /^(critical|warning)$/, alert);
        assert.ok(annotations.summary !== '' && annotations.description !== '', alert);
        assert.equal(annotations.runbook, `docs/alerts.md#${alert.toLowerCase()}`);
        assert.ok(sections.includes(`\n## ${alert}\n`), `docs/alerts.md has no section ${alert}`);
      }
    });
  });
}

it('documents no alert that there is not', () => {
  const known = new Set(FILES.flatMap((file) => rulesOf(file).map(({ alert }) => alert)));
  const sections = [...readFileSync(join(ROOT, 'docs/alerts.md'), 'utf8').matchAll(/^## (\S+)$/gm)].map(
    ([, name]) => name,
  );
  assert.deepEqual(
    sections.filter((name) => !known.has(name!)),
    [],
  );
});
