import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { VolumeCoverage } from '../../../domain/coverage.ts';
import { parseResourcePolicies } from '../../../domain/volumes/resource-policy.ts';
import { coverVolumes, type VolumeSource } from '../../../domain/volumes/volume-choice.ts';
import {
  claimFacts,
  persistentVolumeFacts,
  podFacts,
} from '../../../domain/volumes/volume-facts.ts';

interface PodOptions {
  readonly annotations?: Record<string, string>;
  readonly phase?: string;
}

function pod(
  name: string,
  volumes: Readonly<Record<string, object>>,
  { annotations = {}, phase = 'Running' }: PodOptions = {},
) {
  const named = Object.entries(volumes).map(([volume, source]) => ({ name: volume, ...source }));
  return podFacts({
    metadata: { name, namespace: 'shop', annotations },
    spec: { volumes: named },
    status: { phase },
  });
}

function claim(name: string, volumeName = `pv-${name}`, phase = 'Bound') {
  return claimFacts({
    metadata: { name, namespace: 'shop' },
    spec: { volumeName },
    status: { phase },
  });
}

function csiVolume(name: string) {
  const spec = { csi: { driver: 'ebs.csi.aws.com' }, storageClassName: 'gp3' };
  return persistentVolumeFacts({ metadata: { name }, spec });
}

function mounts(claimName: string) {
  return { persistentVolumeClaim: { claimName } };
}

function policies(...given: (readonly [conditions: object, type: string])[]) {
  const volumePolicies = given.map(([conditions, type]) => ({ conditions, action: { type } }));
  const read = parseResourcePolicies({ version: 'v1', volumePolicies });
  if ('errors' in read) {
    throw new Error('the policies of the test are wrong');
  }
  return read.policies.volumePolicies;
}

const REQUESTED = 'backup.velero.io/backup-volumes';
const EXCLUDED = 'backup.velero.io/backup-volumes-excludes';

function cover(source: Partial<VolumeSource>) {
  return coverVolumes({
    ...{ pods: [], claims: [], persistentVolumes: [], spec: {}, policies: [] },
    ...{ absentClaims: new Map(), areClaimsTaken: true },
    ...source,
  });
}

/** `pod volume claim: action, reason`. */
function text({ pod: podName = '-', volume = '-', claim: name = '-', ...row }: VolumeCoverage) {
  return `${podName} ${volume} ${name}: ${row.action}, ${row.reason ?? 'copied'}`;
}

function texts(source: Partial<VolumeSource>): string[] {
  return cover(source).items.map(text);
}

/** What becomes of one volume, by its own name or by that of its claim. */
function fateOf(source: Partial<VolumeSource>): string {
  const [first] = texts(source);
  return first?.replace(/^.*: /, '') ?? 'no row';
}

test('every kind of volume has a row with what becomes of it', () => {
  const web = pod('web', {
    data: mounts('db'),
    scratch: { ephemeral: { volumeClaimTemplate: {} } },
    away: mounts('gone'),
    share: { nfs: { server: 'files', path: '/' } },
    disk: { iscsi: { targetPortal: 'p', iqn: 'i', lun: 0 } },
    cache: { emptyDir: {} },
    vault: { csi: { driver: 'secrets.csi' } },
    logs: { hostPath: { path: '/var/log' } },
    token: { projected: { sources: [] } },
    key: { secret: { secretName: 'key' } },
    config: { configMap: { name: 'config' } },
    labels: { downwardAPI: { items: [] } },
    model: { image: { reference: 'model:1' } },
    source: { gitRepo: { repository: 'r' } },
  });
  const covered = cover({
    pods: [web],
    claims: [claim('db'), claim('idle'), claim('waits', '', 'Pending'), claim('web-scratch')],
  });
  expect(covered.items.map(text)).toEqual([
    'web data db: fs-backup, not-copied',
    'web away gone: none, claim-missing',
    '- - idle: fs-backup, not-copied',
    '- - waits: none, claim-not-bound',
    'web cache -: none, ephemeral',
    'web config -: none, made-anew',
    'web disk -: fs-backup, not-copied',
    'web key -: none, made-anew',
    'web labels -: none, made-anew',
    'web logs -: none, host-path',
    'web model -: none, made-anew',
    'web share -: fs-backup, not-copied',
    'web source -: none, made-anew',
    'web token -: none, made-anew',
    'web vault -: none, ephemeral',
    'web scratch web-scratch: fs-backup, not-copied',
  ]);
  expect(covered.leftOut).toEqual({
    'not-copied': 5,
    'claim-missing': 1,
    'claim-not-bound': 1,
    ephemeral: 2,
    'host-path': 1,
    'made-anew': 6,
  });
  expect(covered.captured).toBe(0);
  expect(covered.items[0]).toEqual({
    namespace: 'shop',
    pod: 'web',
    volume: 'data',
    claim: 'db',
    persistentVolume: 'pv-db',
    source: 'persistentVolumeClaim',
    action: 'fs-backup',
    reason: 'not-copied',
  });
});

const UNSET = {};
const NEITHER = { snapshotVolumes: false, defaultVolumesToFsBackup: false };
const NO_SNAPSHOTS = { snapshotVolumes: false };
const SNAPSHOTS = { defaultVolumesToFsBackup: false };
const FILES = { defaultVolumesToFsBackup: true };

const OWN = { emptyDir: {} };
const INLINE = { csi: { driver: 'secrets.csi' } };
const SHARE = { nfs: { server: 'files', path: '/' } };

test('a policy goes before annotations and flags, and the first that matches before the rest', () => {
  const annotations = { [EXCLUDED]: 'data,cache', [REQUESTED]: 'share' };
  const volumes = { data: mounts('db'), cache: OWN, share: SHARE, token: { projected: {} } };
  const source = {
    pods: [pod('web', volumes, { annotations })],
    claims: [claim('db')],
    persistentVolumes: [csiVolume('pv-db')],
    spec: NEITHER,
  };
  const given = policies(
    [{ storageClass: ['gp3'] }, 'snapshot'],
    [{ volumeTypes: ['emptyDir'] }, 'fs-backup'],
    [{}, 'skip'],
  );
  expect(texts({ ...source, policies: given })).toEqual([
    'web data db: snapshot, not-copied',
    'web cache -: fs-backup, not-copied',
    'web share -: none, policy-skip',
    'web token -: none, made-anew',
  ]);
  expect(texts({ ...source, policies: policies([{}, 'snapshot']) })).toContain(
    'web cache -: none, ephemeral',
  );
});

test('a policy for what is ephemeral takes the claims that are made for pods', () => {
  const pods = [pod('web', { tmp: { ephemeral: {} } })];
  const given = policies([{ volumeTypes: ['ephemeral'] }, 'skip']);
  const claims = [claim('web-tmp'), claim('db')];
  expect(texts({ pods, claims, policies: given })).toEqual([
    '- - db: fs-backup, not-copied',
    'web tmp web-tmp: none, policy-skip',
  ]);
});

test('a claim that waits can be skipped by its phase, and is never chosen', () => {
  const claims = [claim('db', '', 'Pending')];
  expect(fateOf({ claims, policies: policies([{ pvcPhase: ['Pending'] }, 'skip']) })).toBe(
    'none, policy-skip',
  );
  expect(fateOf({ claims, policies: policies([{}, 'fs-backup']) })).toBe('none, claim-not-bound');
});

test('a claim of several pods is one row of the pod that asks for it, or does not leave it out', () => {
  const claims = [claim('db')];
  const volumes = { data: mounts('db') };
  const excludes = { annotations: { [EXCLUDED]: 'data' } };
  const asks = { annotations: { [REQUESTED]: 'data' } };
  const first = pod('a', volumes, excludes);
  const plain = [pod('c', volumes), pod('b', volumes)];
  expect(texts({ claims, pods: [first] })).toEqual(['a data db: none, opted-out']);
  expect(texts({ claims, pods: plain })).toEqual(['b data db: fs-backup, not-copied']);
  expect(texts({ claims, pods: [...plain, first] })).toEqual(['b data db: fs-backup, not-copied']);
  const all = [...plain, first, pod('d', volumes, asks)];
  expect(texts({ claims, pods: all, spec: NEITHER })).toEqual(['d data db: fs-backup, not-copied']);
});

test('pods that have ended mount nothing, and what they say about their claims does not count', () => {
  const ended = { phase: 'Succeeded', annotations: { [EXCLUDED]: 'data,late' } };
  const pods = [pod('job', { data: mounts('db'), late: mounts('gone') }, ended)];
  expect(texts({ pods, claims: [claim('db')] })).toEqual([
    '- - db: fs-backup, not-copied',
    '- - gone: none, claim-missing',
  ]);
});

test('a claim that is not in the backup has the reason that it was left out for, or else does not exist', () => {
  const volumes = { a: mounts('in'), b: mounts('leaving'), c: mounts('hidden'), d: mounts('gone') };
  const absentClaims = new Map([
    ['shop/leaving', 'being-deleted'],
    ['shop/hidden', 'exclude-label'],
    ['shop/unmounted', 'exclude-label'],
    ['other/gone', 'exclude-label'],
  ] as const);
  const source = { pods: [pod('web', volumes)], claims: [claim('in')], absentClaims };
  expect(texts(source)).toEqual([
    'web d gone: none, claim-missing',
    'web c hidden: none, exclude-label',
    'web a in: fs-backup, not-copied',
    'web b leaving: none, being-deleted',
  ]);
});

test('where claims are not taken nothing is said of whether one exists', () => {
  const pods = [pod('web', { data: mounts('db') })];
  const absentClaims = new Map([['shop/db', 'being-deleted']] as const);
  expect(fateOf({ pods, areClaimsTaken: false })).toBe('none, claim-not-selected');
  expect(fateOf({ pods, areClaimsTaken: false, absentClaims })).toBe('none, being-deleted');
});

test('a block device and a folder of a node have no files that an agent could copy', () => {
  const facts = { metadata: { name: 'raw', namespace: 'shop' }, status: { phase: 'Bound' } };
  const block = claimFacts({ ...facts, spec: { volumeName: 'pv-raw', volumeMode: 'Block' } });
  const persistentVolumes = [
    persistentVolumeFacts({ metadata: { name: 'pv-tmp' }, spec: { hostPath: { path: '/tmp' } } }),
  ];
  const { items } = cover({ claims: [block, claim('tmp')], persistentVolumes });
  expect(items.map(text)).toEqual([
    '- - raw: none, block-device',
    '- - tmp: none, host-path-claim',
  ]);
  const skip = policies([{ volumeTypes: ['hostPath'] }, 'skip']);
  const skipped = cover({ claims: [claim('tmp')], persistentVolumes, policies: skip });
  expect(skipped.items.map(text)).toEqual(['- - tmp: none, policy-skip']);
});

test('what was copied has no reason and is counted', () => {
  const covered = cover({
    claims: [claim('db'), claim('files'), claim('waits', '', 'Pending')],
    isCopied: ({ claim: name }) => name !== 'files',
  });
  expect(covered.items.map(text)).toEqual([
    '- - db: fs-backup, copied',
    '- - files: fs-backup, not-copied',
    '- - waits: none, claim-not-bound',
  ]);
  expect(covered).toMatchObject({
    captured: 1,
    leftOut: { 'not-copied': 1, 'claim-not-bound': 1 },
  });
});

test('of volumes that are made anew no more rows are kept than can be read, and all are counted', () => {
  const pods = Array.from({ length: 1200 }, (_, index) =>
    pod(`web-${String(index)}`, { token: { projected: {} } }),
  );
  const covered = cover({ pods, claims: [claim('zzz')] });
  expect(covered.leftOut).toEqual({ 'made-anew': 1200, 'not-copied': 1 });
  expect(covered.items.length).toBe(1001);
});

const NAMES = ['a', 'b', 'c'] as const;
const anySource = fc.constantFrom(
  ...NAMES.map(mounts),
  ...[OWN, INLINE, SHARE, { ephemeral: {} }, { hostPath: {} }, { secret: {} }],
);
const anyPod = fc
  .record({
    name: fc.constantFrom(...NAMES),
    volumes: fc.dictionary(fc.constantFrom('v', 'w', 'x'), anySource),
    phase: fc.constantFrom('Running', 'Pending', 'Failed'),
    annotations: fc.dictionary(
      fc.constantFrom(REQUESTED, EXCLUDED),
      fc.constantFrom('v', 'w,x', 'x,v'),
    ),
  })
  .map(({ name, volumes, ...options }) => pod(name, volumes, options));
const anyClaim = fc
  .tuple(fc.constantFrom(...NAMES, 'a-v', 'z'), fc.constantFrom('Bound', 'Pending'))
  .map(([name, phase]) => claim(name, `pv-${name}`, phase));
const anyInput = fc.record({
  pods: fc.uniqueArray(anyPod, { selector: ({ name }) => name }),
  claims: fc.uniqueArray(anyClaim, { selector: ({ name }) => name }),
  spec: fc.constantFrom(UNSET, NEITHER, NO_SNAPSHOTS, SNAPSHOTS, FILES),
  policies: fc.subarray([...policies([{ csi: {} }, 'skip'], [{ nfs: {} }, 'snapshot'])]),
});

test('every claim and every other volume of a pod has exactly one row, in an order that nothing changes', () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      const { items } = cover(input);
      const named = input.pods.flatMap(({ volumes }) =>
        volumes.flatMap((one) => one.claimName ?? []),
      );
      const claims = [...new Set([...input.claims.map(({ name }) => name), ...named])];
      expect(items.flatMap((row) => row.claim ?? []).sort()).toEqual(claims.sort());
      const own = input.pods.flatMap(({ name, volumes }) =>
        volumes.filter((one) => one.claimName === undefined).map((one) => `${name} ${one.name}`),
      );
      const rows = items.filter((row) => row.claim === undefined);
      expect(rows.map((row) => `${row.pod ?? ''} ${row.volume ?? ''}`).sort()).toEqual(own.sort());
      const turned = { ...input, pods: input.pods.toReversed(), claims: input.claims.toReversed() };
      expect(cover(turned).items).toEqual(items);
    }),
  );
});

test('what is counted is what the rows say, and only what is chosen can be copied', () => {
  fc.assert(
    fc.property(anyInput, fc.boolean(), (input, isCopied) => {
      const { items, leftOut, captured } = cover({ ...input, isCopied: () => isCopied });
      const counts: Record<string, number> = {};
      for (const { reason } of items) {
        if (reason !== undefined) {
          counts[reason] = (counts[reason] ?? 0) + 1;
        }
      }
      expect(leftOut).toEqual(counts);
      expect(captured).toBe(items.filter(({ reason }) => reason === undefined).length);
      for (const { action, reason } of items) {
        const isChosen = reason === undefined || reason === 'not-copied';
        expect(action === 'none').toBe(!isChosen);
      }
    }),
  );
});
