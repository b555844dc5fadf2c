import { expect, test } from 'vitest';

import { NoteTaker } from '../../domain/backup-notes.ts';
import type { BackupSpec } from '../../domain/backup.ts';
import {
  coverageProblems,
  coverageReport,
  type CoverageSource,
} from '../../domain/coverage-report.ts';
import type { CoverageReport } from '../../domain/coverage.ts';
import type { PlannedCoverage, PlannedRelated } from '../../domain/export-plan.ts';
import type { KubernetesObject } from '../../domain/item.ts';
import { typeOf } from '../support/stored-backup.ts';

// Goal: whatever is not in an archive has a row that says why, and is a problem if nobody asked for it.

const PODS = typeOf('Pod', 'pods');
const CLAIMS = typeOf('PersistentVolumeClaim', 'persistentvolumeclaims');
const DEPLOYMENTS = typeOf('Deployment', 'deployments.apps');
const SPEC: BackupSpec = {
  ...{ cluster: 'local', includedNamespaces: ['*'], excludedNamespaces: [], ttl: '720h0m0s' },
};
const NO_PROBLEMS = { errors: [], warnings: [] };

interface Situation {
  readonly note?: (notes: NoteTaker) => void;
  readonly coverage?: Partial<PlannedCoverage>;
  readonly related?: readonly PlannedRelated[];
  readonly captured?: Readonly<Record<string, number>>;
  readonly spec?: Partial<BackupSpec>;
  readonly isByNamespace?: boolean;
}

function sourceOf(situation: Situation): CoverageSource {
  const { note, coverage, related = [], captured, spec, isByNamespace } = situation;
  const taker = new NoteTaker([]);
  note?.(taker);
  const types = [PODS, CLAIMS, DEPLOYMENTS].map((type) => ({ type }));
  const planned = { types, groups: [], namespaces: [], ambiguousNames: [], problems: NO_PROBLEMS };
  return {
    spec: { ...SPEC, ...spec },
    plan: { coverage: { ...planned, ...coverage }, volumePolicies: [], selection: { related } },
    notes: taker.notes(NO_PROBLEMS),
    captured: new Map(Object.entries(captured ?? {})),
    ...(isByNamespace === undefined ? {} : { isByNamespace }),
  };
}

function report(situation: Situation): CoverageReport {
  return coverageReport(sourceOf(situation));
}

function named(name: string, rest: object = {}): KubernetesObject {
  return { metadata: { name, namespace: 'shop' }, ...rest };
}

function boundClaim(name: string): KubernetesObject {
  return named(name, { spec: { volumeName: `pv-${name}` }, status: { phase: 'Bound' } });
}

test('every type that is served has one row, taken or not, with what was listed and what is stored', () => {
  const { types, items } = report({
    coverage: {
      types: [
        { type: PODS },
        { type: CLAIMS, reason: 'excluded' },
        { type: DEPLOYMENTS, reason: 'not-included' },
      ],
    },
    note: (notes) => {
      notes.keep(PODS, named('p'));
      notes.keepOtherVersion({ ...DEPLOYMENTS, version: 'v1beta1' });
      notes.leaveOut(PODS, named('q'), 'being-deleted');
    },
    captured: { 'pods v1': 1, 'deployments.apps v1beta1': 1 },
  });
  const head = { type: 'deployments.apps', kind: 'Deployment' };
  expect(types).toEqual([
    {
      ...{ type: 'pods', apiVersion: 'v1', kind: 'Pod', expected: 1, captured: 1 },
      leftOut: [{ reason: 'being-deleted', items: 1, examples: ['shop/q'] }],
    },
    {
      ...{ type: 'persistentvolumeclaims', apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
      ...{ expected: 0, captured: 0, reason: 'excluded' },
    },
    { ...head, apiVersion: 'apps/v1', expected: 0, captured: 0, reason: 'not-included' },
    { ...head, apiVersion: 'apps/v1beta1', expected: 1, captured: 1 },
  ]);
  expect(items).toEqual({ expected: 2, captured: 2 });
});

test('what happened to a type while it was listed counts more than what was planned for it', () => {
  const { types } = report({
    coverage: { types: [{ type: PODS, reason: 'cluster-scope' }] },
    note: (notes) => {
      notes.fail(PODS, 'forbidden');
    },
  });
  expect(types).toMatchObject([{ type: 'pods', reason: 'forbidden' }]);
});

test('objects are told by namespace where that is asked for, and nowhere else', () => {
  const note = (notes: NoteTaker): void => {
    notes.keep(PODS, named('p'));
    notes.keep(PODS, { metadata: { name: 'q', namespace: 'other' } });
  };
  const [plain] = report({ note }).types;
  expect(plain).not.toHaveProperty('namespaces');
  const rows = report({ note, isByNamespace: true }).types;
  expect(rows.map(({ namespaces }) => namespaces)).toEqual([{ shop: 1, other: 1 }, {}, {}]);
});

test('objects that were listed and are not in the archive are an error, type by type', () => {
  const lost = report({
    note: (notes) => {
      notes.keep(PODS, named('p'));
      notes.keep(PODS, named('q'));
      notes.keep(DEPLOYMENTS, named('d'));
    },
    captured: { 'pods v1': 1, 'deployments.apps v1': 1 },
  });
  expect(lost.items).toEqual({ expected: 3, captured: 2 });
  expect(coverageProblems(lost, [])).toEqual({
    errors: [
      {
        code: 'coverage-gap',
        message: 'the archive holds 1 of 2 pods of v1 that were listed',
        subject: 'archive: pods v1',
      },
    ],
    warnings: [],
  });
});

test('objects that are lost are told beside what was told of their type before', () => {
  const lost = report({
    note: (notes) => {
      notes.keep(PODS, named('p'));
    },
  });
  const told = { code: 'cluster-failed', message: 'pods may be missing', subject: 'pods' } as const;
  const { errors } = coverageProblems(lost, [{ errors: [told], warnings: [] }]);
  expect(errors.map(({ code }) => code).sort()).toEqual(['cluster-failed', 'coverage-gap']);
});

test('the same type lost in two versions is told for both', () => {
  const lost = report({
    note: (notes) => {
      notes.keep(DEPLOYMENTS, named('d'));
      notes.keepOtherVersion({ ...DEPLOYMENTS, version: 'v1beta1' });
    },
  });
  expect(coverageProblems(lost, []).errors.map(({ subject }) => subject)).toEqual([
    'archive: deployments.apps apps/v1',
    'archive: deployments.apps apps/v1beta1',
  ]);
});

test('volumes without data are one error, which names the first five', () => {
  const claims = ['a', 'b', 'c', 'd', 'e', 'f'];
  const { errors } = coverageProblems(
    report({
      note: (notes) => {
        for (const name of claims) {
          notes.look(CLAIMS, boundClaim(name));
        }
      },
    }),
    [],
  );
  expect(errors).toEqual([
    {
      code: 'coverage-gap',
      message:
        '6 volumes: no data of the volume was copied (shop/a, shop/b, shop/c, shop/d, shop/e, …)',
      subject: 'volumes: not-copied',
    },
  ]);
});

test('one volume without data is named by its claim, or by its pod if it has none', () => {
  const ofPod = named('web', {
    metadata: {
      name: 'web',
      namespace: 'shop',
      annotations: { 'backup.velero.io/backup-volumes': 'cache' },
    },
    spec: { volumes: [{ name: 'cache', emptyDir: {} }] },
  });
  const messagesOf = (note: (notes: NoteTaker) => void): string[] =>
    coverageProblems(report({ note }), []).errors.map(({ message }) => message);
  expect(
    messagesOf((notes) => {
      notes.look(CLAIMS, boundClaim('data'));
    }),
  ).toEqual(['1 volume: no data of the volume was copied (shop/data)']);
  expect(
    messagesOf((notes) => {
      notes.look(PODS, ofPod);
    }),
  ).toEqual(['1 volume: no data of the volume was copied (shop/web cache)']);
});

/** What is said of the claims of a pod that mounts three which are not in the backup. */
function fatesOfAbsent(
  situation: Omit<Situation, 'note'>,
  more: (notes: NoteTaker) => void = () => undefined,
): string[] {
  const mounts = (claimName: string) => ({ name: claimName, persistentVolumeClaim: { claimName } });
  const web = named('web', { spec: { volumes: ['leaving', 'hidden', 'gone'].map(mounts) } });
  const note = (notes: NoteTaker): void => {
    notes.look(PODS, web);
    more(notes);
  };
  const { items } = report({ ...situation, note }).volumes;
  return items.map(({ claim = '', reason = '' }) => `${claim}: ${reason}`);
}

const NOT_SELECTED = ['gone', 'hidden', 'leaving'].map((name) => `${name}: claim-not-selected`);
const MISSING = ['gone', 'hidden', 'leaving'].map((name) => `${name}: claim-missing`);

test('a claim that was listed and left out has that reason in its row, and another one does not exist', () => {
  const fates = fatesOfAbsent({}, (notes) => {
    notes.leaveOut(CLAIMS, named('leaving'), 'being-deleted');
    notes.leaveOut(CLAIMS, named('hidden'), 'exclude-label');
  });
  expect(fates).toEqual(['gone: claim-missing', 'hidden: exclude-label', 'leaving: being-deleted']);
});

test('a claim is not selected where its type is not', () => {
  const excluded = { types: [{ type: CLAIMS, reason: 'excluded' as const }] };
  expect(fatesOfAbsent({ coverage: excluded })).toEqual(NOT_SELECTED);
  expect(fatesOfAbsent({ coverage: { types: [{ type: PODS }] } })).toEqual(NOT_SELECTED);
});

test('a claim does not exist where claims were taken because pods name them', () => {
  const coverage = { types: [{ type: CLAIMS, reason: 'forbidden' as const }] };
  const related = [{ name: 'persistentvolumeclaims', type: CLAIMS }] as const;
  expect(fatesOfAbsent({ coverage, related })).toEqual(MISSING);
});

test('a claim is not said to be missing where claims could not be listed', () => {
  const fates = fatesOfAbsent({}, (notes) => {
    notes.fail(CLAIMS, 'rejected');
  });
  expect(fates).toEqual(NOT_SELECTED);
});

test('what was left out because somebody asked for it, or by its nature, is no problem', () => {
  const allowed = report({
    spec: { snapshotVolumes: false, defaultVolumesToFsBackup: false },
    coverage: {
      types: [{ type: PODS }, { type: DEPLOYMENTS, reason: 'excluded' }],
      groups: [{ group: 'dead.example.com/v1', reason: 'not-included' }],
      namespaces: [{ name: 'holdfast', reason: 'holdfast' }],
    },
    note: (notes) => {
      notes.leaveOut(PODS, named('q'), 'exclude-label');
      notes.leaveOut(PODS, named('r'), 'being-deleted');
      notes.look(CLAIMS, boundClaim('data'));
      notes.look(PODS, named('web', { spec: { volumes: [{ name: 'token', projected: {} }] } }));
    },
  });
  expect(allowed.volumes.leftOut).toEqual({
    'made-anew': 1,
    'volumes-not-requested': 1,
  });
  expect(coverageProblems(allowed, [])).toEqual({ errors: [], warnings: [] });
});

test('names that several types have are warnings, and hooks are told', () => {
  const hooked: KubernetesObject = {
    metadata: {
      ...{ name: 'web', namespace: 'shop' },
      annotations: {
        'pre.hook.backup.velero.io/command': 'freeze',
        'post.hook.backup.velero.io/command': 'thaw',
      },
    },
  };
  const noted = report({
    note: (notes) => {
      notes.keep(PODS, hooked);
    },
    captured: { 'pods v1': 1 },
    coverage: {
      ambiguousNames: [{ name: 'events', taken: 'events', others: ['events.events.k8s.io'] }],
    },
  });
  expect(noted.hooks.map(({ pod, hook }) => `${pod} ${hook}`)).toEqual(['web pre', 'web post']);
  const ambiguous = {
    code: 'ambiguous-name',
    message: 'events is taken for events; events.events.k8s.io has that name too',
    subject: 'events',
  };
  expect(coverageProblems(noted, [])).toEqual({ errors: [], warnings: [ambiguous] });
});
