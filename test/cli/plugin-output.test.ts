import { expect, test } from 'vitest';

import { tableText } from '../../cli/output/table.ts';
import { pluginsTable, pluginText } from '../../cli/plugin-output.ts';
import type { PluginResource } from '../../domain/api-resource.ts';

function pluginOf(status: Partial<PluginResource['status']>): PluginResource {
  return {
    ...{ apiVersion: 'holdfast.dev/v1', kind: 'Plugin', metadata: { name: 'uploader' } },
    spec: { cluster: 'local', unavailableTimeout: '10m0s', callTimeout: '1m' },
    status: {
      ...{ health: 'Ready', taskQueue: 'holdfast.plugin.local.uploader' },
      ...{ describedAt: '2026-01-02T03:04:05Z', backupActions: [], restoreActions: [] },
      ...status,
    },
  };
}

const SHOWN = { isWide: false, hasHeadings: true };

test('plugins are listed with a line each, and nothing is printed of none', () => {
  const actions = { backupActions: ['upload', 'tag'], restoreActions: ['download'] };
  expect(tableText(pluginsTable([pluginOf({ version: '1.0', ...actions })]), SHOWN)).toBe(
    'NAME       HEALTH   VERSION   BACKUP ACTIONS   RESTORE ACTIONS   DESCRIBED\n' +
      'uploader   Ready    1.0       upload,tag       download          2026-01-02T03:04:05Z\n',
  );
  expect(tableText(pluginsTable([]), SHOWN)).toBe('');
});

test('a plugin is shown with why it is not ready, and what to do when it has changed', () => {
  const failure = { code: 'plugin-failed', message: 'it failed' } as const;
  const text = pluginText(pluginOf({ health: 'Failed', failure, hasChanged: true }));
  expect(text.split('\n')).toEqual([
    'Name:            uploader',
    'Cluster:         local',
    'Task queue:      holdfast.plugin.local.uploader',
    'Health:          Failed',
    'Why:             it failed',
    'Changed:         it describes itself otherwise now; to take that: holdfast plugin register uploader',
    'Backup actions:  none',
    'Restore actions: none',
    'Described:       2026-01-02T03:04:05Z',
    'Waits for it:    10m0s',
    'A call takes:    1m at most',
    '',
  ]);
});
