import { expect, test } from 'vitest';

import { RestoreSorter } from '../../../activities/restore/restore-sorter.ts';
import type { IndexLine } from '../../../domain/backup-index.ts';
import type { RestoreFilter } from '../../../domain/restore/restore-selection.ts';
import { VersionFilter } from '../../../domain/restore/version-filter.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';

// Goal: what belongs to selected items comes with them, unless the request excludes it.

const CLAIM = line('persistentvolumeclaims', 'shop/data');
const VOLUME = line('persistentvolumes', '/pv-1');
const URGENT = { ...line('priorityclasses', '/urgent'), group: 'scheduling.k8s.io' };
const WEB = { matchLabels: { app: 'web' } };
const POD = line('pods', 'shop/web', { app: 'web' });
const BINDING = { claimUid: CLAIM.uid, isReprovisioned: false, isCopied: false };
const POD_BODY = {
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    priorityClassName: 'urgent',
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
  },
};

test('the volume of a selected claim is restored with it', () => {
  expect(relatedTo({ includedNamespaces: ['shop'] }, [CLAIM, VOLUME])).toContain('pv-1');
});

test('a restore without cluster-scoped objects leaves out the volume of a selected claim', () => {
  const spec = { includeClusterResources: false };
  expect(relatedTo(spec, [CLAIM, VOLUME])).toEqual(['shop']);
});

test('a namespace whose labels do not match comes from the backup with what is restored into it', () => {
  const spec = { labelSelector: { matchLabels: { app: 'web' } } };
  const sorter = sorterOf(spec);
  const shop = line('namespaces', '/shop');
  const lines = [shop, line('namespaces', '/till'), line('pods', 'shop/p', { app: 'web' })];
  expect(lines.map((one) => sorter.takes(one))).toEqual([false, false, true]);
  expect(sorter.related()).toEqual([shop]);
  expect(sorter.leftOut).toMatchObject([{ type: 'namespaces', items: 1 }]);
});

test('what belongs to the listed types comes with them, unless its own type is excluded', () => {
  const lines = [CLAIM, VOLUME, line('namespaces', '/shop'), line('pods', 'shop/p')];
  const listed = new Set(['persistentvolumeclaims']);
  const related = (types: RestoreFilter['types']) => relatedTo({}, lines, types).sort();
  expect(related({ included: listed, excluded: new Set() })).toEqual(['pv-1', 'shop']);
  const excluded = new Set(['persistentvolumes', 'namespaces']);
  expect(related({ included: undefined, excluded })).toEqual(['shop']);
});

test('a pod brings its claim, with the volume of that, and its priority class', () => {
  const lines = [CLAIM, line('persistentvolumeclaims', 'shop/other'), URGENT, VOLUME, POD];
  const brought = ['data', 'pv-1', 'shop', 'urgent'];
  const byLabel = { labelSelector: WEB };
  expect(relatedTo(byLabel, lines).sort()).toEqual(brought);
  const byNamespace = { includedNamespaces: ['shop'] };
  const types = { included: new Set(['pods']), excluded: new Set<string>() };
  expect(relatedTo(byNamespace, lines, types).sort()).toEqual(brought);
  const excluded = new Set(['persistentvolumeclaims', 'priorityclasses.scheduling.k8s.io']);
  expect(relatedTo(byLabel, lines, { included: undefined, excluded })).toEqual(['shop']);
  expect(relatedTo({ ...byLabel, includeClusterResources: false }, lines).sort()).toEqual([
    'data',
    'shop',
  ]);
});

test('what no restored pod needs is left out, and counted', () => {
  const sorter = sorterOf({ labelSelector: WEB });
  for (const one of [CLAIM, URGENT, POD]) {
    sorter.takes(one);
  }
  sorter.seePod(POD, { ...POD_BODY, status: { phase: 'Succeeded' } });
  expect(sorter.neededByPods()).toEqual([]);
  expect(sorter.leftOut.map(({ type }) => type)).toEqual([
    'persistentvolumeclaims',
    'priorityclasses.scheduling.k8s.io',
  ]);
});

/** Names of what is restored because of some lines. */
function relatedTo(
  spec: Partial<RestoreSpec>,
  lines: readonly IndexLine[],
  types?: RestoreFilter['types'],
): string[] {
  const sorter = sorterOf(spec, types);
  for (const one of lines) {
    sorter.takes(one);
  }
  for (const pod of lines.filter((one) => sorter.isRestoredPod(one))) {
    sorter.seePod(pod, POD_BODY);
  }
  const needed = sorter.neededByPods();
  for (const volume of sorter.volumes) {
    sorter.seeVolume(volume, BINDING);
  }
  return [...needed, ...sorter.related()].map(({ name }) => name);
}

function sorterOf(spec: Partial<RestoreSpec>, types?: RestoreFilter['types']): RestoreSorter {
  const all = {
    ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'] },
    ...{ excludedNamespaces: [], namespaceMapping: {} },
  };
  const filter = {
    ...{ spec: { ...all, ...spec }, own: 'holdfast' },
    ...(types === undefined ? {} : { types }),
  };
  return new RestoreSorter(filter, new VersionFilter([], new Map()));
}

function line(resource: string, path: string, labels: Record<string, string> = {}): IndexLine {
  const [namespace = '', name = ''] = path.split('/');
  return {
    ...{ group: '', version: 'v1', resource, kind: resource, namespace, name, labels },
    ...{ uid: `uid-${name}`, bodyOffset: 0, bodyLength: 1, sha256: 'x' },
    member: { offset: 0, length: 1, sizeBytes: 1, sha256: 'x' },
  };
}
