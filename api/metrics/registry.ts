import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import { RELEASE } from '../../domain/release.ts';

/** What a metric is called and says, and by what its numbers are told apart. */
export interface MetricSpec<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
}

/** The metrics of one process of the API, made once each. */
export class Metrics {
  readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.gauge({
      name: 'holdfast_build_info',
      help: 'Release of the process; always 1.',
      labels: ['version'],
    }).set({ version: RELEASE }, 1);
  }

  gauge<Label extends string>(spec: MetricSpec<Label>): Gauge<Label> {
    return new Gauge(this.#optionsOf(spec));
  }

  counter<Label extends string>(spec: MetricSpec<Label>): Counter<Label> {
    return new Counter(this.#optionsOf(spec));
  }

  histogram<Label extends string>(
    spec: MetricSpec<Label> & { readonly bucketsSeconds: readonly number[] },
  ): Histogram<Label> {
    return new Histogram({ ...this.#optionsOf(spec), buckets: [...spec.bucketsSeconds] });
  }

  #optionsOf<Label extends string>({ name, help, labels }: MetricSpec<Label>) {
    return { name, help, labelNames: labels, registers: [this.registry] };
  }
}
