import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { freePort } from '../support/free-port.ts';
import { Installation } from '../support/installation.ts';

// Goal: a real installation shows what rules, dashboard and documents name. Method: a backup, and scrapes of both processes.

const NAMES = /\b(?:holdfast|velero|temporal)_[a-z_]+\b/g;
const SERIES = /_(?:bucket|sum|count)$/;
let holdfast: Installation;
let ports: { readonly api: string; readonly worker: string };

beforeAll(async () => {
  ports = { api: String(await freePort()), worker: String(await freePort()) };
  holdfast = await Installation.start({
    isFolder: true,
    environment: {
      api: { HOLDFAST_METRICS_PORT: ports.api },
      worker: { HOLDFAST_METRICS_PORT: ports.worker },
    },
  });
});

afterAll(async () => {
  await holdfast.stop();
});

async function scrapeOf(part: 'api' | 'worker'): Promise<string> {
  return (await fetch(`http://127.0.0.1:${ports[part]}/metrics`)).text();
}

function typesOf(scrape: string): string[] {
  return [...scrape.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name);
}

test('API and worker show every metric that rules, dashboard and documents name', async () => {
  await holdfast.createBackup('first', ['default']);
  await holdfast.ended('backups', 'first');
  const shown = new Set([...typesOf(await scrapeOf('api')), ...typesOf(await scrapeOf('worker'))]);
  for (const file of ['deploy/alerts.yaml', 'deploy/dashboard.json', 'docs/metrics.md']) {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    const names = new Set([...text.matchAll(NAMES)].map(([name]) => name.replace(SERIES, '')));
    expect(
      [...names].filter((name) => !shown.has(name) && !NOT_HERE.has(name)),
      file,
    ).toEqual([]);
  }
});

/** Node agents alone move volumes, and nothing is sent where there is no notification endpoint. */
const NOT_HERE = new Set([
  ...['holdfast_volumes_total', 'holdfast_volume_bytes_total', 'holdfast_notifications_total'],
]);

test('an API that starts again tells of the backups that were made before', async () => {
  await holdfast.kill('api');
  await holdfast.startPart('api');
  await expect
    .poll(() => scrapeOf('api'))
    .toMatch(/^holdfast_stored_backups\{schedule="",phase="Completed"\} 1$/m);
  const scrape = await scrapeOf('api');
  expect(scrape).toMatch(/^holdfast_backups_total\{schedule="",phase="Completed"\} 1$/m);
  expect(scrape).toMatch(
    /^holdfast_backup_last_success_timestamp_seconds\{schedule=""\} \d{10}(\.\d+)?$/m,
  );
});
