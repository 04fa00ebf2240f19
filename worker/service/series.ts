/**
 * Makes Prometheus series of one registry, each under its name, help and labels. Knows nothing of what they measure.
 *
 * A gauge is absent until something sets it: a loss of 0 that nobody has measured would be a lie. Counters and
 * histograms begin at 0, which is true of them, so that a first increase is seen.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

type Labels<L extends string> = readonly L[];

export class Series {
  readonly #registers: Registry[];

  constructor(registry: Registry) {
    this.#registers = [registry];
  }

  gauge(name: string, help: string): Gauge {
    const gauge = new Gauge({ name, help, registers: this.#registers });
    unset(gauge);
    return gauge;
  }

  /** A gauge that is asked when somebody looks; undefined: absent. */
  gaugeOf(name: string, help: string, read: () => number | undefined, labels: Record<string, string> = {}): void {
    new Gauge({
      ...{ name, help, labelNames: Object.keys(labels), registers: this.#registers },
      collect() {
        const value = read();
        if (value === undefined) this.remove(labels);
        else this.set(labels, value);
      },
    });
  }

  /** A gauge for each value of a label, asked when somebody looks. */
  gaugesOf<L extends string, V extends string>(
    name: string,
    help: string,
    { label, values, read }: { readonly label: L; readonly values: readonly V[]; readonly read: (value: V) => number },
  ): void {
    new Gauge({
      ...{ name, help, labelNames: [label] as string[], registers: this.#registers },
      collect() {
        for (const value of values) this.set({ [label]: value }, read(value));
      },
    });
  }

  /** The same with counters: what is read never falls. */
  countersOf<L extends string, V extends string>(
    name: string,
    help: string,
    { label, values, read }: { readonly label: L; readonly values: readonly V[]; readonly read: (value: V) => number },
  ): void {
    new Counter({
      ...{ name, help, labelNames: [label] as string[], registers: this.#registers },
      collect() {
        this.reset();
        for (const value of values) this.inc({ [label]: value }, read(value));
      },
    });
  }

  gaugeBy<L extends string>(name: string, help: string, labelNames: Labels<L>): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: this.#registers });
  }

  counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: this.#registers });
  }

  counterBy<L extends string>(name: string, help: string, labelNames: Labels<L>): Counter<L> {
    return new Counter({ name, help, labelNames, registers: this.#registers });
  }

  histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    return new Histogram({ name, help, buckets: [...buckets], registers: this.#registers });
  }

  histogramBy<L extends string>(
    name: string,
    help: string,
    { labelNames, buckets }: { readonly labelNames: Labels<L>; readonly buckets: readonly number[] },
  ): Histogram<L> {
    return new Histogram({ name, help, labelNames, buckets: [...buckets], registers: this.#registers });
  }
}

/** Nothing is known any more: the series is gone until it is set again. */
export function unset(gauge: Gauge): void {
  gauge.remove();
}

/** Memory that a model takes: parameters, gradients, optimizer, kv_cache. */
export function showModelBytes(registry: Registry, bytesByKind: Readonly<Record<string, number>>): void {
  const bytes = new Series(registry).gaugeBy('ppo_model_bytes', 'Memory that the model takes, by what is in it', [
    'kind',
  ]);
  for (const [kind, size] of Object.entries(bytesByKind)) bytes.set({ kind }, size);
}

/** For what takes milliseconds to minutes. */
export const SECONDS_BUCKETS = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300];
/** For what takes seconds to hours. */
export const LONG_SECONDS_BUCKETS = [0.3, 1, 3, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400];
/** Tokens of a prompt or a response. */
export const TOKEN_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000];
