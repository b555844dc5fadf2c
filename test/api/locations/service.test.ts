import { expect, test } from 'vitest';

import type { LocationKeeper } from '../../../api/locations/registry.ts';
import { LocationService } from '../../../api/locations/service.ts';
import { Failure } from '../../../domain/failure.ts';
import type { KubernetesObject } from '../../../domain/item.ts';
import type { LocationCheck } from '../../../domain/location-check.ts';
import { keptLocation, locationObject } from '../../../domain/locations/location-resource.ts';
import { LocationSet } from '../../../storage/location-set.ts';

// Goal: what a check of a location found is seen by all who look later, until the next one. Method: resources in memory,
// and a check that finds what the test says.

const SPEC = { provider: 'folder', path: '/vault' };
const REFUSED: LocationCheck = {
  ...{ name: 'clock', result: 'failed' },
  failure: { code: 'internal', message: 'the clock is off' },
};

/** A service, its resources, and what a check finds. */
function serviceOf(note?: LocationKeeper['note']) {
  const objects = new Map<string, KubernetesObject>();
  const found = { checks: [] as LocationCheck[] };
  const write = (name: string, spec: object, generation: number) => {
    const object = locationObject({ name, spec: { ...spec } }, 'holdfast');
    const metadata = { ...object.metadata, uid: 'u', generation };
    objects.set(name, { ...objects.get(name), ...object, metadata });
  };
  const keeper: LocationKeeper = {
    create: (name, spec) => {
      write(name, spec, 1);
      return Promise.resolve('created');
    },
    replace: (name, spec) => {
      write(name, spec, 2);
      return Promise.resolve(true);
    },
    remove: (name) => Promise.resolve(objects.delete(name)),
    note:
      note ??
      ((name, health) => {
        const object = objects.get(name);
        if (object !== undefined) {
          objects.set(name, { ...object, status: { ...health } });
        }
        return Promise.resolve();
      }),
  };
  const source = { list: () => Promise.resolve([...objects.values()].map(keptLocation)) };
  const locations = new LocationSet({
    fixed: [{ name: 'default', provider: 'folder', path: '/default' }],
    source,
  });
  const service = new LocationService({
    ...{ locations, keeper },
    check: () => Promise.resolve(found.checks),
    usesOf: () => Promise.resolve([]),
    // Nobody owns a location that has no such file.
    store: () => ({ get: () => Promise.reject(new Failure('object-missing', '')) }) as never,
    installation: () => Promise.resolve('this'),
  });
  return { service, found };
}

const OPTIONS = { isUnchecked: false };
const REQUEST = { metadata: { name: 'vault' }, spec: SPEC };

test('who looks later sees what the last check found, of which state of the spec, and since when', async () => {
  const { service, found } = serviceOf();
  const made = await service.create(REQUEST, OPTIONS);
  expect(made.resource.status).toMatchObject({ phase: 'Available', observedGeneration: 1 });
  const { status: first } = await service.get('vault');
  expect(first).toEqual({ ...made.resource.status, checks: [] });
  found.checks = [REFUSED];
  const checked = await service.check('vault');
  expect(checked.status?.checks).toEqual([REFUSED]);
  const [listed] = (await service.list()).items.filter(({ metadata }) => metadata.name === 'vault');
  expect(listed?.status).toMatchObject({
    ...{ phase: 'Degraded', observedGeneration: 1 },
    conditions: [{ type: 'Available', status: 'True', message: 'clock: the clock is off' }],
  });
  // It was available all the time.
  expect(listed?.status?.conditions?.[0]?.lastTransitionTime).toBe(first?.checkedAt);
  // A change that nobody checked: the health is that of the state before.
  await service.replace({ ...REQUEST, spec: { ...SPEC, readOnly: true } }, { isUnchecked: true });
  const { metadata, status } = await service.get('vault');
  expect([metadata.generation, status?.observedGeneration]).toEqual([2, 1]);
});

test('a location of the configuration has what a check found in its answer alone', async () => {
  const { service } = serviceOf();
  const { status } = await service.check('default');
  expect(status?.conditions).toMatchObject([{ type: 'Available', status: 'True' }]);
  expect(status).not.toHaveProperty('observedGeneration');
  expect(await service.get('default')).not.toHaveProperty('status');
});

test('a check answers also where its outcome cannot be noted', async () => {
  const { service } = serviceOf(() => Promise.reject(new Failure('cluster-forbidden', 'no')));
  const { resource } = await service.create(REQUEST, OPTIONS);
  expect(resource.status).toMatchObject({ phase: 'Available' });
  expect(await service.get('vault')).not.toHaveProperty('status');
});
