import { expect, test } from 'vitest';

import { failedRuns, logOf } from '../../../api/diagnosis/failed-runs.ts';
import type { RunResource } from '../../../domain/api-resource.ts';
import type { Phase } from '../../../domain/phase.ts';

// Goal: a bundle has the logs of what failed last, and nothing that a hook or a plugin has said.

function run(name: string, phase: Phase, kind: RunResource['kind'] = 'Backup'): RunResource {
  // Nothing else is looked at.
  return { kind, metadata: { name, location: 'vault' }, status: { phase } } as RunResource;
}

const lines = (...entries: object[]): string =>
  entries.map((entry) => `${JSON.stringify(entry)}\n\n`).join('');

test('the newest three that failed are told, each from its location', async () => {
  const asked: string[] = [];
  const look = (path: string, query: string) => {
    asked.push(`${path}/logs${query}`);
    return Promise.resolve(lines({ source: 'holdfast', message: `of ${path}` }));
  };
  const runs = [
    ...[run('e', 'InProgress'), run('d', 'Failed'), run('c', 'Completed')],
    ...[run('b', 'PartiallyFailed', 'Restore'), run('a', 'Failed'), run('0', 'Failed')],
  ];
  const found = await failedRuns(runs, look);
  expect(found.map(({ name, phase }) => `${name} ${phase}`)).toEqual([
    ...['d Failed', 'b PartiallyFailed', 'a Failed'],
  ]);
  expect(asked).toEqual([
    '/backups/d/logs?location=vault&tailLines=500',
    '/restores/b/logs?location=vault&tailLines=500',
    '/backups/a/logs?location=vault&tailLines=500',
  ]);
  expect(found[1]?.log).toEqual([{ source: 'holdfast', message: 'of /restores/b' }]);
});

test('what hooks and plugins said is left out, and a problem is told as it is', async () => {
  const hush = { message: 'hush', step: 'runHooks' };
  const said = lines(
    { ...hush, source: 'hook', code: 'hook-failed' },
    { ...hush, source: 'plugin' },
    { source: 'engine', message: 'repository opened' },
  );
  const log = await logOf('/backups/a', 'vault', () => Promise.resolve(said));
  expect(log).toMatchObject([
    { source: 'hook', step: 'runHooks', code: 'hook-failed' },
    { source: 'plugin' },
    { message: 'repository opened' },
  ]);
  expect(JSON.stringify(log)).not.toContain('hush');
  const problem = { code: 'log-missing', detail: 'it has no log' };
  const none = await logOf('/backups/a', 'vault', () => Promise.resolve(JSON.stringify(problem)));
  expect(none).toEqual([problem]);
});
