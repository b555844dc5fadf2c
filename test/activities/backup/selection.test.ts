import fc from 'fast-check';
import { expect, test } from 'vitest';

import { buildPlan } from '../../../activities/backup/build-plan.ts';
import { checkRequest } from '../../../activities/backup/check-request.ts';
import { exportPages } from '../../../activities/backup/export-pages.ts';
import { ProblemList } from '../../../activities/backup/problem-list.ts';
import { relatedPages } from '../../../activities/backup/related-pages.ts';
import { NoteTaker } from '../../../domain/backup-notes.ts';
import type { BackupSpec } from '../../../domain/backup.ts';
import { groupResource, type KubernetesObject } from '../../../domain/item.ts';
import { type HeldObject, memoryCluster, servedType } from '../../support/memory-cluster.ts';

// Goal: whatever a cluster holds and a request asks for, the backup holds what the rules say, and each object once.
// Method: random clusters and requests go through plan, export and related items; a slow reference of a few lines, which
// knows no listings and no shards, says what must come out.

const TYPES = [
  servedType('configmaps', 'ConfigMap'),
  servedType('namespaces', 'Namespace', { isNamespaced: false }),
  servedType('nodes', 'Node', { isNamespaced: false }),
  servedType('persistentvolumeclaims', 'PersistentVolumeClaim'),
  servedType('persistentvolumes', 'PersistentVolume', { isNamespaced: false }),
  servedType('pods', 'Pod'),
  servedType('serviceaccounts', 'ServiceAccount'),
  servedType('deployments.apps', 'Deployment'),
  servedType('customresourcedefinitions.apiextensions.k8s.io', 'CustomResourceDefinition', {
    isNamespaced: false,
  }),
  servedType('widgets.example.com', 'Widget'),
  servedType('clusterrolebindings.rbac.authorization.k8s.io', 'ClusterRoleBinding', {
    isNamespaced: false,
  }),
  servedType('clusterroles.rbac.authorization.k8s.io', 'ClusterRole', { isNamespaced: false }),
  servedType('priorityclasses.scheduling.k8s.io', 'PriorityClass', { isNamespaced: false }),
];
const NAMESPACES = ['a', 'b', 'b-2', 'holdfast'];
const NAMES = ['one', 'two', 'three'];
const scopeOf = new Map(TYPES.map((type) => [groupResource(type), type.isNamespaced]));

const labels = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  { weight: 5, arbitrary: fc.record({ app: fc.constantFrom('x', 'y') }) },
  { weight: 1, arbitrary: fc.constant({ app: 'x', 'velero.io/exclude-from-backup': 'true' }) },
);

const object = fc
  .record({
    type: fc.constantFrom(...scopeOf.keys()),
    namespace: fc.constantFrom(...NAMESPACES),
    name: fc.constantFrom(...NAMES),
    labels,
    isLeaving: fc.nat({ max: 9 }),
    refersTo: fc.constantFrom(...NAMES),
    account: fc.constantFrom(...NAMESPACES),
  })
  .map((made): HeldObject => {
    const { type, namespace, labels: own, isLeaving, refersTo, account } = made;
    const name =
      type === 'namespaces'
        ? namespace
        : type.startsWith('customresourcedefinitions')
          ? `${made.name === 'one' ? 'widgets' : made.name}.example.com`
          : made.name;
    const metadata = {
      name,
      ...(scopeOf.get(type) === true ? { namespace } : {}),
      ...(own === undefined ? {} : { labels: own }),
      ...(isLeaving === 0 ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    };
    return { type, object: { metadata, ...contentOf(type, refersTo, account) } };
  });

function contentOf(type: string, refersTo: string, account: string): object {
  const contents: Record<string, object> = {
    pods: {
      spec: {
        priorityClassName: refersTo,
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: refersTo } }],
      },
    },
    persistentvolumeclaims: { spec: { volumeName: refersTo }, status: { phase: 'Bound' } },
    'clusterrolebindings.rbac.authorization.k8s.io': {
      subjects: [{ kind: 'ServiceAccount', namespace: account, name: refersTo }],
      roleRef: { kind: 'ClusterRole', name: refersTo },
    },
  };
  return contents[type] ?? {};
}

const cluster = fc
  .uniqueArray(object, { selector: keyOf, maxLength: 60 })
  .map((objects) => [
    ...NAMESPACES.map((name): HeldObject => ({
      type: 'namespaces',
      object: { metadata: { name } },
    })),
    // Later ones count: a namespace that is labelled or about to go is among them.
    ...objects,
  ])
  .map((objects) => [...new Map(objects.map((held) => [keyOf(held), held])).values()]);

const someTypes = fc.uniqueArray(fc.constantFrom(...scopeOf.keys()), {
  minLength: 1,
  maxLength: 4,
});
const scoped = (isNamespaced: boolean) =>
  fc.uniqueArray(
    fc.constantFrom(...[...scopeOf].flatMap(([name, is]) => (is === isNamespaced ? [name] : []))),
    { minLength: 1, maxLength: 3 },
  );

const lists: fc.Arbitrary<Partial<BackupSpec>> = fc.oneof(
  fc.constant({}),
  someTypes.map((includedResources) => ({ includedResources })),
  someTypes.map((excludedResources) => ({ excludedResources })),
  fc.boolean().map((includeClusterResources) => ({ includeClusterResources })),
  scoped(true).map((names) => ({ includedNamespaceScopedResources: names })),
  scoped(true).map((names) => ({ excludedNamespaceScopedResources: names })),
  scoped(false).map((names) => ({ includedClusterScopedResources: names })),
  scoped(false).map((names) => ({ excludedClusterScopedResources: names })),
);
const selectors: fc.Arbitrary<Partial<BackupSpec>> = fc.oneof(
  fc.constant({}),
  fc.constant({ labelSelector: { matchLabels: { app: 'x' } } }),
  fc.constant({
    orLabelSelectors: [
      { matchLabels: { app: 'y' } },
      { matchExpressions: [{ key: 'app', operator: 'Exists' as const }] },
    ],
  }),
);
const namespaces = fc.record({
  includedNamespaces: fc.constantFrom(['*'], ['a'], ['b*'], ['a', 'holdfast']),
  excludedNamespaces: fc.constantFrom([], ['b'], ['?-*']),
});
const request = fc
  .tuple(lists, selectors, namespaces)
  .map(([types, labelled, where]): BackupSpec => {
    return { cluster: 'local', ttl: '1h', ...types, ...labelled, ...where };
  });

function keyOf({ type, object: { metadata } }: HeldObject): string {
  return `${type}/${metadata.namespace ?? ''}/${metadata.name}`;
}

async function captured(held: readonly HeldObject[], spec: BackupSpec): Promise<string[] | 'none'> {
  const { signal } = new AbortController();
  const real = memoryCluster(TYPES, held);
  // The plan reads and lists; the rest of a cluster is not used.
  const source = real as Parameters<typeof buildPlan>[0];
  const check = await checkRequest({ cluster: source, namespace: 'holdfast' }, spec, signal);
  if (check.kind === 'refused') {
    return 'none';
  }
  const { shards, selection } = await buildPlan(source, check.request, {
    signal,
    isPatient: false,
  });
  const notes = new NoteTaker(selection.related.map(({ name }) => name));
  const common = {
    selection,
    signal,
    isMixedAllowed: true,
    problems: new ProblemList({ isPatient: false }),
    notes,
  };
  const units = shards.flatMap((shard) => shard.units);
  const found: string[] = [];
  for (const pages of [exportPages(real, { ...common, units }), relatedPages(real, common)]) {
    for await (const page of pages) {
      found.push(...page.map((item) => keyOf({ ...item, type: groupResource(item.type) })));
    }
  }
  return found.sort();
}

/** What the rules say, object by object, without any regard to cost. */
function reference(held: readonly HeldObject[], spec: BackupSpec): string[] {
  const taken = namespacesOf(held, spec);
  const takable = held.filter((one) => isTakable(one, taken));
  const kept = new Map<string, HeldObject>();
  const keep = (some: readonly HeldObject[]): void => {
    for (const one of some) {
      kept.set(keyOf(one), one);
    }
  };
  keep(takable.filter((one) => ruleOf(one.type, spec) === 'taken' && matches(one, spec)));
  for (let before = -1; before !== kept.size;) {
    before = kept.size;
    const present = [...kept.values()];
    const isReferredTo = (one: HeldObject): boolean =>
      present.some((by) => refersTo(by, one, { isFiltered: isFiltered(spec) }));
    keep(takable.filter((one) => ruleOf(one.type, spec) !== 'never' && isReferredTo(one)));
  }
  const isInAny = [...kept.values()].some(({ object }) => object.metadata.namespace !== undefined);
  if (isFiltered(spec) && !spec.includedNamespaces.includes('*') && isInAny) {
    const chosen = takable.filter(({ type }) => type === 'namespaces');
    keep(chosen.filter(({ type }) => ruleOf(type, spec) !== 'never'));
  }
  return [...kept.keys()].sort();
}

function isFiltered(spec: BackupSpec): boolean {
  return spec.labelSelector !== undefined || spec.orLabelSelectors !== undefined;
}

function isGlob(pattern: string, name: string): boolean {
  const meaning: Record<string, boolean> = {
    '*': true,
    'b*': name.startsWith('b'),
    '?-*': name.charAt(1) === '-',
  };
  return meaning[pattern] ?? pattern === name;
}

function namespacesOf(held: readonly HeldObject[], spec: BackupSpec): Set<string> {
  const { includedNamespaces, excludedNamespaces } = spec;
  const isSelected = (name: string): boolean =>
    includedNamespaces.some((pattern) => isGlob(pattern, name)) &&
    !excludedNamespaces.some((pattern) => isGlob(pattern, name)) &&
    (name !== 'holdfast' || includedNamespaces.includes('holdfast'));
  return new Set(
    held.flatMap((one) => {
      const { name } = one.object.metadata;
      return one.type === 'namespaces' && isSelected(name) && isPresent(one) ? [name] : [];
    }),
  );
}

type Rule = 'taken' | 'related' | 'never';

/** `taken`: all of it; `related`: what others refer to; `never`: not even that. */
function ruleOf(type: string, spec: BackupSpec): Rule {
  if (spec.excludedResources?.includes(type) === true) {
    return 'never';
  }
  return scopeOf.get(type) === true ? namespacedRule(type, spec) : clusterRule(type, spec);
}

function namespacedRule(type: string, spec: BackupSpec): Rule {
  const included = spec.includedNamespaceScopedResources ?? spec.includedResources;
  const isExcluded = spec.excludedNamespaceScopedResources?.includes(type) === true;
  return !isExcluded && included?.includes(type) !== false ? 'taken' : 'never';
}

function clusterRule(type: string, spec: BackupSpec): Rule {
  const isExcluded = spec.excludedClusterScopedResources?.includes(type) === true;
  if (isExcluded || spec.includeClusterResources === false) {
    return 'never';
  }
  if (type === 'namespaces') {
    return namespaceRule(spec);
  }
  const isWhole = spec.includedNamespaces.includes('*');
  if (spec.includedResources !== undefined) {
    return !spec.includedResources.includes(type) ? 'never' : isWhole ? 'taken' : 'related';
  }
  return takesCluster(type, spec, isWhole) ? 'taken' : 'related';
}

function namespaceRule({ includedResources }: BackupSpec): Rule {
  return includedResources?.includes('namespaces') === false ? 'never' : 'taken';
}

function takesCluster(type: string, spec: BackupSpec, isWhole: boolean): boolean {
  const { includedClusterScopedResources: included } = spec;
  const isAll = isWhole && spec.includedNamespaceScopedResources === undefined;
  return included?.includes(type) ?? (spec.includeClusterResources === true || isAll);
}

function isTakable(one: HeldObject, taken: Set<string>): boolean {
  const { metadata } = one.object;
  const namespace = one.type === 'namespaces' ? metadata.name : metadata.namespace;
  return (namespace === undefined || taken.has(namespace)) && isPresent(one);
}

function isPresent({ object: { metadata } }: HeldObject): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    metadata.labels?.['velero.io/exclude-from-backup'] !== 'true'
  );
}

function matches({ object: { metadata } }: HeldObject, spec: BackupSpec): boolean {
  const app = metadata.labels?.['app'];
  if (spec.labelSelector !== undefined) {
    return app === 'x';
  }
  return spec.orLabelSelectors === undefined || app !== undefined;
}

interface Content extends KubernetesObject {
  spec?: { volumeName?: string; priorityClassName?: string };
  roleRef?: { name: string };
  subjects?: { namespace: string; name: string }[];
}

/** By the type of what is referred to: whether an object of another type refers to it. */
const REFERENCES: Record<string, (by: HeldObject, to: Content, content: Content) => boolean> = {
  persistentvolumes: (by, to, { spec }) =>
    by.type === 'persistentvolumeclaims' && spec?.volumeName === to.metadata.name,
  persistentvolumeclaims: (by, to, { metadata, spec }) =>
    by.type === 'pods' &&
    metadata.namespace === to.metadata.namespace &&
    spec?.priorityClassName === to.metadata.name,
  'priorityclasses.scheduling.k8s.io': (by, to, { spec }) =>
    by.type === 'pods' && spec?.priorityClassName === to.metadata.name,
  'clusterroles.rbac.authorization.k8s.io': (by, to, { roleRef }) =>
    by.type.startsWith('clusterrolebindings') && roleRef?.name === to.metadata.name,
  'clusterrolebindings.rbac.authorization.k8s.io': (by, { subjects = [] }, { metadata }) =>
    by.type === 'serviceaccounts' &&
    subjects.some(
      ({ namespace, name }) => namespace === metadata.namespace && name === metadata.name,
    ),
  'customresourcedefinitions.apiextensions.k8s.io': (by, to) => by.type === to.metadata.name,
  namespaces: (_by, to, { metadata }) => metadata.namespace === to.metadata.name,
};
/** Types that only a selector by label can leave out while something refers to them. */
const NEEDS_FILTER = ['persistentvolumeclaims', 'namespaces'];

function refersTo(
  by: HeldObject,
  to: HeldObject,
  { isFiltered: filtered }: { isFiltered: boolean },
): boolean {
  if (!filtered && NEEDS_FILTER.includes(to.type)) {
    return false;
  }
  return REFERENCES[to.type]?.(by, to.object, by.object) ?? false;
}

test('a backup holds what the rules say, each object once', async () => {
  await fc.assert(
    fc.asyncProperty(cluster, request, async (held, spec) => {
      const found = await captured(held, spec);
      const expected = reference(held, spec);
      // A request that takes no namespace is refused, though objects of no namespace might be taken.
      const isInNamespace = (key: string): boolean =>
        scopeOf.get(key.slice(0, key.indexOf('/'))) === true;
      expect(found === 'none' ? [] : found).toEqual(
        found === 'none' ? expected.filter(isInNamespace) : expected,
      );
    }),
    { numRuns: 500 },
  );
});
