// Two operators of one lease on a real control plane, jobs whose pods play their life, and a Prometheus that scrapes both
// operators and evaluates the chart's alerts on them. Knows no queries.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { OwnEnvironment } from '../cluster/environment.ts';
import { JobLife, LIFE_JOB } from '../cluster/job-life.ts';
import { until } from '../cluster/job-world.ts';
import { TestNode } from '../cluster/nodes.ts';
import { OperatorProcess } from '../cluster/operator-process.ts';
import { findProgram } from './prometheus.ts';
import { PrometheusServer, type Window } from './server.ts';

const ALERTS = join(import.meta.dirname, '../../charts/ppo-operator/alerts/operator.yaml');
const NAMESPACE = 'ppo-operator';
/** Of the target's labels. */
export const OPERATOR_VARIABLES = { namespace: NAMESPACE };
/** Some scrapes before and after what happens. */
const CALM_MS = 3000;

export class OperatorScene {
  readonly prometheus: PrometheusServer;
  readonly #life: JobLife;
  readonly #node: TestNode;
  readonly #operators: readonly OperatorProcess[];

  private constructor(prometheus: PrometheusServer, life: JobLife, node: TestNode, operators: OperatorProcess[]) {
    this.prometheus = prometheus;
    this.#life = life;
    this.#node = node;
    this.#operators = operators;
  }

  static async start(environment: OwnEnvironment): Promise<OperatorScene> {
    const { cluster, plane } = environment;
    const node = await TestNode.start({ cluster, network: plane.network, name: 'node-a', processes: null });
    const life = await JobLife.start(environment, { isHeld: true });
    const kubeconfig = readFileSync(plane.kubeconfig, 'utf8');
    const operators = [0, 1].map(() => new OperatorProcess({ kubeconfig, leaseNamespace: life.world.namespace }));
    const config = configFor(await Promise.all(operators.map(portOf)));
    const prometheus = await PrometheusServer.start(findProgram('prometheus')!, config);
    return new OperatorScene(prometheus, life, node, operators);
  }

  /** Jobs come one after the other, after one that loses a pod; all end well. */
  async run(names: readonly string[]): Promise<Window> {
    const { world } = this.#life;
    await until('it scrapes both operators', async () => ((await this.prometheus.hasScraped()) ? null : 'not yet'));
    const start = Date.now() / 1000;
    await delay(CALM_MS);
    await this.#life.createJob();
    for (const name of names) {
      await world.createJob(name);
      await world.untilCondition(name, 'Running');
    }
    await delay(CALM_MS);
    this.#life.mayFinish();
    for (const name of [LIFE_JOB, ...names]) await world.untilCondition(name, 'Succeeded');
    await delay(CALM_MS);
    return { start, end: Date.now() / 1000 };
  }

  async stop(): Promise<void> {
    await this.prometheus.stop();
    await Promise.all(this.#operators.map((operator) => operator.stop()));
    await this.#life.stop();
    await this.#node.stop(0);
  }
}

async function portOf(operator: OperatorProcess): Promise<number> {
  await until('it serves metrics', async () => (operator.metricsPort === null ? operator.output : null));
  return operator.metricsPort!;
}

function configFor(ports: readonly number[]): string {
  const targets = ports.map(
    (port, i) => `{targets: ['127.0.0.1:${port}'], labels: {namespace: ${NAMESPACE}, pod: ppo-operator-${i}}}`,
  );
  return `
global: {scrape_interval: 500ms, evaluation_interval: 1s}
rule_files: [${ALERTS}]
scrape_configs:
  - job_name: ppo-operator
    static_configs: [${targets.join(', ')}]
`;
}
