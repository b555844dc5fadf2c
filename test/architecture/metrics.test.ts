import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { buildApp } from '../../api/app.ts';
import { Observer } from '../../api/metrics/observer.ts';
import { Metrics } from '../../api/metrics/registry.ts';
import { openTemporal } from '../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../api/runs/temporal.ts';
import { LocationSet } from '../../storage/location-set.ts';

// Goal: rules, dashboard and documents name only metrics that a process shows, and all of ours are documented. Method: the
// names of a scrape. Expressions are checked for names and brackets; nothing here knows all of PromQL.

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly runbook_url: string };
}

const OURS = /\b(?:holdfast|velero)_[a-z_]+\b/g;
/** Ends of the series of a histogram. */
const SERIES = /_(?:bucket|sum|count)$/;

function read(file: string): string {
  return readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
}

const RULES = (parse(read('deploy/alerts.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  ({ rules }) => rules,
);

/** Of ours that rules name; test/worker/metrics.test.ts has them shown. */
const OF_WORKERS = ['holdfast_notifications_total'];

/** Names of what a process of the API shows. */
async function shownByApi(): Promise<ReadonlySet<string>> {
  const metrics = new Metrics();
  const temporal = new TemporalRuns(openTemporal({ address: '127.0.0.1:1' }), 'default');
  const locations = new LocationSet({ fixed: [] });
  const sources = { temporal, locations, store: (name: string) => locations.store(name) };
  const app = await buildApp({ ...sources, metrics, logLevel: 'silent' });
  new Observer(metrics, { ...sources, ownCluster: 'local' });
  const text = await metrics.registry.metrics();
  await app.close();
  await temporal.close();
  return new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name));
}

function named(text: string): string[] {
  return [...new Set([...text.matchAll(OURS)].map(([name]) => name.replace(SERIES, '')))].sort();
}

test('docs/metrics.md names each of our metrics of the API, and no other', async () => {
  const shown = [...(await shownByApi())].filter((name) => /^(holdfast|velero)_/.test(name));
  const document = read('docs/metrics.md').split('## Of workers\n')[0] ?? '';
  expect(named(document)).toEqual(shown.sort());
});

test('rules and dashboard name only metrics that are shown', async () => {
  const shown = new Set([...(await shownByApi()), ...OF_WORKERS]);
  for (const file of ['deploy/alerts.yaml', 'deploy/dashboard.json']) {
    const names = named(read(file));
    expect(names.length, file).toBeGreaterThan(5);
    expect(
      names.filter((name) => !shown.has(name)),
      file,
    ).toEqual([]);
  }
});

test('each alert has its heading in operations.md, and each heading its alert', () => {
  const section = read('docs/operations.md').split('## Alerts\n')[1]?.split('\n## ')[0] ?? '';
  const headings = [...section.matchAll(/^### (\S+)$/gm)].map(([, name = '']) => name);
  expect(RULES.map(({ alert }) => alert).sort()).toEqual(headings.sort());
  for (const { alert, annotations } of RULES) {
    expect(annotations.runbook_url).toMatch(new RegExp(`operations\\.md#${alert.toLowerCase()}$`));
  }
});

test.each(RULES)('the brackets and quotes of $alert are balanced', ({ expr }) => {
  const bare = expr.replace(/"[^"]*"/g, '');
  expect(bare).not.toContain('"');
  let rest = bare;
  for (let before = ''; before !== rest;) {
    before = rest;
    rest = rest.replace(/\([^()[\]{}]*\)|\[[^()[\]{}]*\]|\{[^()[\]{}]*\}/g, '');
  }
  expect(rest).not.toMatch(/[()[\]{}]/);
});
