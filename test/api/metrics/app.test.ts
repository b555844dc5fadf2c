import { afterAll, beforeAll, expect, test } from 'vitest';

import { buildApp } from '../../../api/app.ts';
import { buildMetricsApp } from '../../../api/metrics/app.ts';
import { Metrics } from '../../../api/metrics/registry.ts';
import { openTemporal } from '../../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../../api/runs/temporal.ts';
import { Readiness } from '../../../api/status/readiness.ts';
import { metricsListenerOf } from '../../../domain/metrics-listener.ts';
import { LocationSet } from '../../../storage/location-set.ts';

// Goal: what Prometheus and probes ask for is on a port of its own, and requests are measured by route, not by name.

const metrics = new Metrics();
const temporal = new TemporalRuns(openTemporal({ address: '127.0.0.1:1' }), 'default');
const locations = new LocationSet({ fixed: [] });
const sources = { temporal, locations, store: (name: string) => locations.store(name) };
const readiness = new Readiness(sources);
let api: Awaited<ReturnType<typeof buildApp>>;
let listener: Awaited<ReturnType<typeof buildMetricsApp>>;

beforeAll(async () => {
  api = await buildApp({ ...sources, readiness, metrics, logLevel: 'silent' });
  listener = await buildMetricsApp({ metrics, readiness, logLevel: 'silent' });
});

afterAll(async () => {
  await api.close();
  await listener.close();
  await temporal.close();
});

test('each request is counted by method, route and status, and no name is in a label', async () => {
  await api.inject('/livez');
  await api.inject('/api/v1/backups/My_Secret_Name');
  await api.inject('/my/own/path');
  const { headers, body } = await listener.inject('/metrics');
  expect(headers['content-type']).toContain('text/plain; version=0.0.4');
  const count = 'holdfast_api_request_duration_seconds_count';
  expect(body).toContain(`${count}{method="GET",route="/livez",code="200"} 1`);
  expect(body).toContain(`${count}{method="GET",route="/api/v1/backups/:name",code="400"} 1`);
  expect(body).toContain(`${count}{method="unknown",route="unknown",code="404"} 1`);
  expect(body).not.toMatch(/My_Secret_Name|own.path/);
});

test('the process tells its release and its memory', async () => {
  const { body } = await listener.inject('/metrics');
  expect(body).toMatch(/^holdfast_build_info\{version="\d+\.\d+\.\d+"\} 1$/m);
  expect(body).toMatch(/^process_resident_memory_bytes \d+$/m);
});

test('probes are answered on the port of the metrics too, and nothing else is', async () => {
  expect((await listener.inject('/livez')).statusCode).toBe(200);
  const ready = await listener.inject('/readyz');
  expect(ready.json()).toMatchObject({ status: 503, code: 'not-ready' });
  const other = await listener.inject('/api/v1/backups');
  expect(other.headers['content-type']).toContain('application/problem+json');
  expect(other.json()).toMatchObject({ status: 404, code: 'not-found' });
});

test('the port of the API has no metrics', async () => {
  expect((await api.inject('/metrics')).statusCode).toBe(404);
});

test('metrics are shown to this machine alone unless told otherwise, and only where a port is given', () => {
  expect(metricsListenerOf({})).toBeUndefined();
  expect(metricsListenerOf({ HOLDFAST_METRICS_PORT: '9464' })).toEqual({
    ...{ host: '127.0.0.1', port: 9464 },
  });
  expect(
    metricsListenerOf({ HOLDFAST_METRICS_PORT: '9464', HOLDFAST_METRICS_HOST: '0.0.0.0' }),
  ).toEqual({ host: '0.0.0.0', port: 9464 });
  expect(() => metricsListenerOf({ HOLDFAST_METRICS_PORT: 'http' })).toThrow(
    'HOLDFAST_METRICS_PORT must be a port number',
  );
});
