import { expect, test } from 'vitest';

import { exportPages } from '../../../activities/backup/export-pages.ts';
import { ProblemList } from '../../../activities/backup/problem-list.ts';
import type { ListOptions, ListScope } from '../../../activities/kubernetes/port.ts';
import { NoteTaker } from '../../../domain/backup-notes.ts';
import type { ExportUnit } from '../../../domain/export-plan.ts';
import { Failure } from '../../../domain/failure.ts';
import type { ListedObject } from '../../../domain/item.ts';
import { whyNotKept } from '../../../domain/keep-object.ts';
import { typeOf } from '../../support/stored-backup.ts';

// Goal: one type that cannot be listed is told and keeps no other from the backup. Method: a cluster whose types fail
// by their names, which a real API server cannot be made to in the middle of a listing.

const FAILURES: Readonly<Record<string, Failure>> = {
  gone: new Failure('not-found', 'list gone: the API server answers NotFound'),
  forbidden: new Failure('cluster-forbidden', 'list forbidden: the API server answers Forbidden'),
  away: new Failure('cluster-unreachable', 'list away: no answer'),
  failing: new Failure('cluster-failed', 'list failing: the API server answers InternalError'),
  nobody: new Failure('cluster-unauthenticated', 'list nobody: the API server answers 401'),
};

function listed(name: string, namespace: string, metadata: object = {}): ListedObject {
  const object = { metadata: { name, namespace, ...metadata } };
  return { object, json: JSON.stringify(object) };
}

async function* listPages(
  { type }: ListScope,
  { onDoubt }: ListOptions,
): AsyncGenerator<readonly ListedObject[]> {
  yield await Promise.resolve([
    listed('kept', 'shop'),
    listed('elsewhere', 'terminating'),
    listed('leaving', 'shop', { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    listed('labelled', 'shop', { labels: { 'velero.io/exclude-from-backup': 'true' } }),
  ]);
  if (type.resource === 'mixed' || type.resource === 'short') {
    onDoubt?.(type.resource);
  }
  const failure = FAILURES[type.resource];
  if (failure !== undefined) {
    throw failure;
  }
}

function readListed(): Promise<undefined> {
  return Promise.resolve(undefined);
}

function unit(resource: string): ExportUnit {
  return { type: typeOf('Kind', resource), namespace: '', items: 3 };
}

async function exported(...resources: string[]) {
  return exportedWith({ isPatient: false }, ...resources);
}

async function exportedWith(patience: { isPatient: boolean }, ...resources: string[]) {
  const problems = new ProblemList(patience);
  const notes = new NoteTaker([]);
  const items: string[] = [];
  const pages = exportPages(
    { listPages, readListed },
    {
      selection: {
        ...{ namespaces: ['shop'], selectors: [], collected: resources, related: [] },
        ...{ matchingNamespaces: [], ordered: {} },
      },
      units: resources.map(unit),
      signal: new AbortController().signal,
      isMixedAllowed: true,
      problems,
      notes,
    },
  );
  for await (const page of pages) {
    items.push(...page.map(({ type, object }) => `${type.resource}/${object.metadata.name}`));
  }
  return { items, ...problems.all(), tallies: notes.notes(problems.all()).tallies };
}

test('objects of a namespace that is not in the plan, that are being deleted or labelled so, are left out', async () => {
  expect(await exported('configmaps')).toMatchObject({
    items: ['configmaps/kept'],
    errors: [],
    warnings: [],
    tallies: [
      {
        type: 'configmaps',
        kept: 1,
        leftOut: [
          { reason: 'being-deleted', items: 1, examples: ['shop/leaving'] },
          { reason: 'exclude-label', items: 1, examples: ['shop/labelled'] },
        ],
      },
    ],
  });
});

test('a type that is gone is a warning, one that is forbidden an error, and the others are taken', async () => {
  const { items, errors, warnings, tallies } = await exported('gone', 'forbidden', 'configmaps');
  expect(items).toContain('configmaps/kept');
  expect(warnings).toMatchObject([{ code: 'not-found', subject: 'gone' }]);
  expect(errors).toMatchObject([{ code: 'cluster-forbidden', subject: 'forbidden' }]);
  expect(tallies.map(({ type, reason }) => [type, reason])).toEqual([
    ['gone', 'gone'],
    ['forbidden', 'forbidden'],
    ['configmaps', undefined],
  ]);
});

test('a type that the API server fails to list is tried again, and told when that does not help', async () => {
  await expect(exportedWith({ isPatient: true }, 'failing')).rejects.toBe(FAILURES['failing']);
  const { items, errors, tallies } = await exported('failing', 'configmaps');
  expect(items).toContain('configmaps/kept');
  expect(errors).toMatchObject([{ code: 'cluster-failed', subject: 'failing' }]);
  expect(tallies[0]?.reason).toBe('rejected');
});

test.each(['away', 'nobody'])(
  'a failure that concerns every type ends the attempt: %s',
  async (name) => {
    await expect(exported('configmaps', name)).rejects.toBe(FAILURES[name]);
  },
);

test('a listing of several moments is a warning, and one that fell short an error', async () => {
  const { errors, warnings, tallies } = await exported('mixed', 'short');
  expect(warnings).toMatchObject([{ code: 'listing-expired', subject: 'mixed' }]);
  expect(errors).toMatchObject([{ code: 'cluster-failed', subject: 'short' }]);
  expect(tallies[1]?.reason).toBe('not-listed');
});

test('an object that should come first and is not there is a warning', async () => {
  const problems = new ProblemList({ isPatient: false });
  const notes = new NoteTaker([]);
  const source = {
    selection: {
      ...{ namespaces: ['shop'], selectors: [], collected: ['pods'], related: [] },
      ...{ matchingNamespaces: [], ordered: { pods: ['shop/db-0', 'shop/db-1'] } },
    },
    units: [{ ...unit('pods'), names: ['shop/db-0', 'shop/db-1'] }],
    signal: new AbortController().signal,
    isMixedAllowed: true,
    ...{ problems, notes },
  };
  const held = { listPages, readListed: () => Promise.resolve(listed('db-0', 'shop')) };
  const found: string[] = [];
  for await (const page of exportPages(held, source)) {
    found.push(...page.map(({ object }) => object.metadata.name));
  }
  expect(found).toEqual(['db-0', 'db-0']);
  expect(problems.all().warnings).toEqual([
    {
      code: 'not-found',
      message: 'orderedResources names pods shop/db-1, which the cluster does not have',
      subject: 'orderedResources.pods',
    },
  ]);
});

test('an object of a namespace that came after the plan is told, where every namespace is taken', () => {
  const { object } = listed('a', 'new');
  const context = { namespaces: new Set(['shop']), selectors: [] };
  const type = typeOf('Pod', 'pods');
  expect(whyNotKept(type, object, context)).toBe('not-selected');
  expect(whyNotKept(type, object, { ...context, known: new Set(['shop']) })).toBe('came-later');
  expect(whyNotKept(type, object, { ...context, known: new Set(['shop', 'new']) })).toBe(
    'not-selected',
  );
});
