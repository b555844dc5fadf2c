import { expect, test } from 'vitest';

import { CHART, helm } from '../support/helm.ts';

// Goal: who follows the notes of a release has a token that its API takes. Method: the real helm says what it would install,
// without a cluster.

async function notesWith(config: object): Promise<string> {
  const values = ['temporal={"address":"t:7233"}', `config=${JSON.stringify(config)}`];
  const set = values.flatMap((value) => ['--set-json', value]);
  const told = await helm('install', 'prod', CHART, '-n', 'backups', '--dry-run=client', ...set);
  return told.split('\nNOTES:\n')[1] ?? '';
}

test.each([
  [{}, ' --audience holdfast'],
  [{ authAudiences: ['a', 'b'] }, ' --audience a'],
  [{ authAudiences: [], auth: ['Tokens', 'Kubernetes'] }, ''],
])('the notes with %j have a command for a token, with%s', async (config, audience) => {
  const notes = await notesWith(config);
  expect(notes).toContain('--serviceaccount=backups:admin\n');
  expect(notes).toContain(
    `"$(kubectl --namespace backups create token admin${audience} --duration 2h)"`,
  );
  expect(notes.indexOf('HOLDFAST_TOKEN')).toBeLessThan(notes.indexOf('  holdfast status'));
});

test('the notes name no account of the cluster where the API takes none', async () => {
  const notes = await notesWith({ auth: ['OIDC', 'Tokens'] });
  expect(notes).toContain('OIDC and Tokens). Give the command line a token');
  expect(notes).not.toContain('create token');
});

test('the notes have a location made before the first backup', async () => {
  const notes = await notesWith({});
  const [location, backup] = ['location create', 'backup create'].map((each) =>
    notes.indexOf(`  holdfast ${each} `),
  );
  expect(location).toBeGreaterThan(0);
  expect(backup).toBeGreaterThan(location ?? 0);
  expect(await notesWith({ locations: [{ name: 'default' }] })).not.toContain('location create');
});
