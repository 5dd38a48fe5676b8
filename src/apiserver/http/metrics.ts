import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { ApiResponse } from '../../api/http.ts'
import type { Route } from '../filters/request-info.ts'
import { textResponse } from './respond.ts'

/** Figures of one server under upstream's names. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #requests = new Counter({
    name: 'apiserver_request_total',
    help:
      'Counter of apiserver requests broken out for each verb, group, version, resource ' +
      'and code.',
    labelNames: ['verb', 'group', 'version', 'resource', 'subresource', 'code'],
    registers: [this.#registry],
  })
  readonly #durations = new Histogram({
    name: 'apiserver_request_duration_seconds',
    help: 'Response latency distribution in seconds for each verb and resource.',
    labelNames: ['verb', 'resource'],
    buckets: [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 3, 5, 10, 30, 60],
    registers: [this.#registry],
  })

  readonly #refresh: () => Promise<void>

  /**
   * `watchers` is asked at each scrape; `register` adds figures of others, and returns what brings
   * them up to date.
   */
  constructor(watchers: () => number, register: (registry: Registry) => () => Promise<void>) {
    this.#refresh = register(this.#registry)
    collectDefaultMetrics({ register: this.#registry })
    new Gauge({
      name: 'apiserver_longrunning_requests',
      help: 'Watches that are open.',
      registers: [this.#registry],
      collect() {
        this.set(watchers())
      },
    })
  }

  observe(verb: string, route: Route | undefined, code: number, seconds: number): void {
    const resource = route?.row ? route.resource : ''
    this.#requests.inc({
      verb: verb.toUpperCase(),
      group: route?.row?.group ?? '',
      version: route?.row?.version ?? '',
      resource,
      subresource: route?.row ? route.subresource : '',
      code,
    })
    if (verb !== 'watch') this.#durations.observe({ verb: verb.toUpperCase(), resource }, seconds)
  }

  async response(): Promise<ApiResponse> {
    await this.#refresh()
    const response = textResponse(200, await this.#registry.metrics())
    return { ...response, headers: { 'content-type': this.#registry.contentType } }
  }
}
