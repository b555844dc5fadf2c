import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { CHART, helm } from '../support/helm.ts';

// Goal: those without Helm get what the chart makes. Method: the real helm renders it, and the generator has to make of it
// what the repository holds.

const DEPLOY = fileURLToPath(new URL('../../deploy', import.meta.url));
const MANIFESTS = readFileSync(`${DEPLOY}/kubernetes/holdfast.yaml`, 'utf8');

test('the plain manifests are what the chart makes', async () => {
  const chart = await helm(
    ...['template', 'holdfast', CHART, '--namespace', 'holdfast'],
    ...['--values', `${DEPLOY}/kubernetes-values.yaml`],
  );
  const generator = `${DEPLOY}/plain-manifests.ts`;
  const made = execFileSync(process.execPath, [generator], { input: chart, encoding: 'utf8' });
  expect(made).toBe(MANIFESTS);
});

test('the plain manifests do not say that Helm keeps them', () => {
  expect(MANIFESTS).not.toMatch(/managed-by|helm\.sh|# Source:/);
});
