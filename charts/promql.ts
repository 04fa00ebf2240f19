// Queries of the dashboards, over the series of one selection of labels. Knows no series and no panels.

/** What goes on all the time is shown as closely as it is scraped. */
const LATELY = '$__rate_interval';
/** What happens now and then, such as once an iteration, over the time that the dashboard's reader chooses. */
const WINDOW = '$window';

export class Selection {
  readonly #labels: string;
  readonly #condition: string;

  /** The condition goes behind each series, such as `and on (instance) ...`. */
  constructor(labels: string, condition = '') {
    this.#labels = labels;
    this.#condition = condition === '' ? '' : ` ${condition}`;
  }

  of(name: string, more = ''): string {
    return `${name}{${this.#labels}${more === '' ? '' : `,${more}`}}`;
  }

  /** One line, or one for each value of a label, whichever pods it came from: of a pod that is replaced, too. */
  gauge(name: string, label = '', more = ''): string {
    return `max${label === '' ? '' : ` by (${label}) `}(${this.of(name, more)}${this.#condition})`;
  }

  /** A second. */
  rate(name: string, more = ''): string {
    return this.#rate(name, more, LATELY);
  }

  increase(name: string, window: string): string {
    return `increase(${this.of(name)}[${window}])${this.#condition}`;
  }

  /** Of a histogram. */
  quantile(q: number, name: string, more = '', window = WINDOW): string {
    return `histogram_quantile(${q}, sum by (le) (${this.#rate(`${name}_bucket`, more, window)}))`;
  }

  /** Of a histogram, over the window; one for each value of a label, or one in all. */
  mean(name: string, label = ''): string {
    const sum = label === '' ? 'sum' : `sum by (${label}) `;
    return this.ratio(`${name}_sum`, `${name}_count`, sum);
  }

  /** Of two counters, over the window. */
  ratio(dividend: string, divisor: string, sum = 'sum'): string {
    return `${sum}(${this.#rate(dividend, '', WINDOW)}) / ${sum}(${this.#rate(divisor, '', WINDOW)})`;
  }

  /** Of a counter, over the window: what each value of a label makes of all, or of all with the same `within`. */
  share(name: string, label: string, within = ''): string {
    const rate = this.#rate(name, '', WINDOW);
    const parts = within === '' ? label : `${within}, ${label}`;
    return `sum by (${parts}) (${rate}) / on (${within}) group_left sum by (${within}) (${rate})`;
  }

  #rate(name: string, more: string, window: string): string {
    return `rate(${this.of(name, more)}[${window}])${this.#condition}`;
  }
}
