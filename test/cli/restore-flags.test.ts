import { expect, test } from 'vitest';

import { restoreFlags, restoreNameOf, restoreSpecOf } from '../../cli/restore-flags.ts';
import { FlagCommand } from '../../cli/selection-flags.ts';

function specOf(args: readonly string[]): object {
  const command = restoreFlags(new FlagCommand('create')).argument('[name]').exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  command.parse([...args], { from: 'user' });
  return restoreSpecOf(command.opts());
}

test('each flag of a restore gives the field that Velero gives it', () => {
  const args = [
    ...['--from-backup', 'b', '--plan-digest', 'sha256:x'],
    ...['--namespace-mappings', 'shop:copy,till:till-2', '-l', 'app=shop'],
    ...['--or-selector', 'a=b or c=d', '--include-cluster-resources=false'],
    ...['--resource-priorities', 'secrets,-,pods'],
    ...['--existing-resource-policy', 'update', '--resource-timeout', '30s'],
    ...['--storage-class-mappings', 'old:new', '--image-mappings', 'a.io:80/x=b.io/y'],
    ...['--status-include-resources', 'pods,cm', '--status-exclude-resources', 'cm'],
    ...['--preserve-nodeports'],
    ...['--include-resources', 'pods,cm', '--exclude-resources', 'secrets'],
    ...['--resource-modifier-configmap', 'modifiers'],
  ];
  expect(specOf(args)).toEqual({
    backupName: 'b',
    namespaceMapping: { shop: 'copy', till: 'till-2' },
    storageClassMapping: { old: 'new' },
    imageMapping: { 'a.io:80/x': 'b.io/y' },
    restoreStatus: { includedResources: ['pods', 'cm'], excludedResources: ['cm'] },
    preserveNodePorts: true,
    includedResources: ['pods', 'cm'],
    excludedResources: ['secrets'],
    includeClusterResources: false,
    labelSelector: { matchLabels: { app: 'shop' } },
    orLabelSelectors: [{ matchLabels: { a: 'b' } }, { matchLabels: { c: 'd' } }],
    restoreResourcePriorities: 'secrets,-,pods',
    existingResourcePolicy: 'update',
    resourceTimeout: '30s',
    planDigest: 'sha256:x',
    resourceModifier: { kind: 'configmap', name: 'modifiers' },
  });
  const schedule = ['--from-schedule', 'nightly', '--allow-partially-failed'];
  expect(specOf(schedule)).toEqual({ scheduleName: 'nightly', allowPartiallyFailed: true });
  expect(specOf(['--retry-of', 'r'])).toEqual({ retryOf: 'r' });
});

test('a flag of a restore that is not there gives no field', () => {
  expect(specOf(['r', '--from-backup', 'b'])).toEqual({ backupName: 'b' });
});

test.each(['shop', 'shop:', 'a:b:c'])('namespaces mapped as %s are a wrong flag', (text) => {
  expect(() => specOf(['--namespace-mappings', text])).toThrow('it must be pairs');
});

test('what a flag with a value of Go or half of a pair says is read as Velero reads it', () => {
  expect(specOf(['--preserve-nodeports=false'])).toEqual({ preserveNodePorts: false });
  expect(() => specOf(['--image-mappings', 'a:b'])).toThrow('such as old=new');
});

test.each([
  [{ backupName: 'b' }, 'b-20260102030405'],
  [{ scheduleName: 'nightly' }, 'nightly-20260102030405'],
  // So that the names of restores that try each other again do not grow.
  [{ retryOf: 'b-20260101000000' }, 'b-20260102030405'],
])('a restore without a name has that of its source and the time in UTC: %j', (spec, name) => {
  expect(restoreNameOf(spec, Date.UTC(2026, 0, 2, 3, 4, 5))).toBe(name);
});
