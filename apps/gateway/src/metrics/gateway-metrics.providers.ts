import { makeCounterProvider, makeGaugeProvider, makeHistogramProvider } from '@willsoto/nestjs-prometheus';

/** Loopback hops take less than a millisecond, a slow upstream up to a minute. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export const GATEWAY_METRICS = [
  makeCounterProvider({
    name: 'gateway_requests_total',
    help: 'Requests to /proxy by the status they were answered with; 499 when the caller left first',
    labelNames: ['integration', 'code', 'worker'],
  }),
  makeHistogramProvider({
    name: 'gateway_request_duration_seconds',
    help: 'From the request to the last byte of the answer',
    labelNames: ['integration'],
    buckets: SECONDS,
  }),
  makeHistogramProvider({
    name: 'gateway_upstream_duration_seconds',
    help: "From sending to the header of the upstream's answer",
    labelNames: ['integration'],
    buckets: SECONDS,
  }),
  makeCounterProvider({
    name: 'gateway_retries_total',
    help: 'Requests that were sent again',
    labelNames: ['integration', 'reason'],
  }),
  makeGaugeProvider({ name: 'gateway_inflight_requests', help: 'Requests to /proxy that are being answered' }),
  makeGaugeProvider({
    name: 'gateway_build_info',
    help: 'Version of the gateway and of Node; always 1',
    labelNames: ['version', 'node'],
  }),
];
