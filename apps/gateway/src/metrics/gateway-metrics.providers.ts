import { makeCounterProvider, makeGaugeProvider, makeHistogramProvider } from '@willsoto/nestjs-prometheus';

/** From a hop on loopback to an upstream near its timeout of a minute. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The gateway's own metrics. */
export const GATEWAY_METRICS = [
  makeCounterProvider({
    name: 'gateway_requests_total',
    help: 'Requests to /proxy by the status of the answer; 499 if the caller left before it',
    labelNames: ['integration', 'code', 'worker'],
  }),
  makeHistogramProvider({
    name: 'gateway_request_duration_seconds',
    help: 'Time from the request to the last byte of the answer',
    labelNames: ['integration'],
    buckets: SECONDS,
  }),
  makeHistogramProvider({
    name: 'gateway_upstream_duration_seconds',
    help: "Time from sending a request to the header of the upstream's answer",
    labelNames: ['integration'],
    buckets: SECONDS,
  }),
  makeCounterProvider({
    name: 'gateway_retries_total',
    help: 'Requests that were sent to the upstream again',
    labelNames: ['integration', 'reason'],
  }),
  makeCounterProvider({
    name: 'gateway_foreign_references_total',
    help: "References in answers, such as redirects, that lead past the gateway: to another host, or out of the upstream's base",
    labelNames: ['integration', 'field'],
  }),
  makeGaugeProvider({ name: 'gateway_inflight_requests', help: 'Requests to /proxy in flight' }),
  makeGaugeProvider({
    name: 'gateway_build_info',
    help: 'Version of the gateway and of Node; always 1',
    labelNames: ['version', 'node'],
  }),
];
