import fc from 'fast-check';
import { expect, test } from 'vitest';

import { hookedBatches } from '../../../domain/volumes/hooked-pods.ts';

// Goal: hooks of a pod are run once, around all of its volumes, and no volume is lost.

const HOOKS = { pre: [], post: [], thawAfterMs: 1000 };

function volume(index: number, pod?: string) {
  const ofPod = pod === undefined ? {} : { pod };
  return { index, namespace: 'shop', claim: `c${String(index)}`, source: 'pvc', ...ofPod };
}

function hooked(name: string) {
  return { pod: { namespace: 'shop', name, uid: name }, ...HOOKS };
}

test('the volumes of a pod with hooks are together, also where a batch is full', () => {
  const volumes = [
    ...Array.from({ length: 45 }, (_, index) => volume(index, 'a')),
    ...Array.from({ length: 10 }, (_, index) => volume(45 + index, 'b')),
    ...Array.from({ length: 7 }, (_, index) => volume(55 + index)),
  ];
  const batches = hookedBatches(volumes, [hooked('a'), hooked('b'), hooked('none')]);
  expect(
    batches.map(({ volumes: own, pods }) => [own.length, pods.map(({ pod }) => pod.name)]),
  ).toEqual([
    [45, ['a']],
    [17, ['b', 'none']],
  ]);
});

test('without volumes the pods have batches all the same', () => {
  const pods = Array.from({ length: 51 }, (_, index) => hooked(`p${String(index)}`));
  expect(hookedBatches([], pods).map((batch) => batch.pods.length)).toEqual([50, 1]);
  expect(hookedBatches([], [])).toEqual([]);
});

test('every volume and every pod is in one batch, which is not too large unless a pod is', () => {
  const names = ['a', 'b', 'c', 'd'];
  const some = fc.array(fc.option(fc.constantFrom(...names), { nil: undefined }), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(some, fc.uniqueArray(fc.constantFrom(...names)), (owners, withHooks) => {
      const volumes = owners.map((pod, index) => volume(index, pod));
      const batches = hookedBatches(volumes, withHooks.map(hooked));
      const seen = batches.flatMap((batch) => batch.volumes.map(({ index }) => index));
      expect(seen.sort((left, right) => left - right)).toEqual(volumes.map(({ index }) => index));
      expect(batches.flatMap(({ pods }) => pods.map(({ pod }) => pod.name)).sort()).toEqual(
        [...withHooks].sort(),
      );
      for (const { volumes: own, pods } of batches) {
        expect(own.length <= 50 || pods.length === 1).toBe(true);
        for (const { pod, volumes: ofPod } of pods) {
          const wanted = volumes.filter((one) => one.pod === pod.name).map(({ index }) => index);
          expect(ofPod).toEqual(wanted);
          expect(own.map(({ index }) => index)).toEqual(expect.arrayContaining(wanted));
        }
      }
    }),
  );
});
