import { expect, test } from 'vitest';

import {
  claimFacts,
  persistentVolumeFacts,
  podFacts,
} from '../../../domain/volumes/volume-facts.ts';

test('the facts of a pod are its volumes and what it asks for them', () => {
  const annotations = {
    'backup.velero.io/backup-volumes': 'data, cache',
    'backup.velero.io/backup-volumes-excludes': 'scratch,',
  };
  const volumes = [
    { name: 'data', persistentVolumeClaim: { claimName: 'db' } },
    { name: 'scratch', ephemeral: { volumeClaimTemplate: {} } },
    { name: 'share', nfs: { server: 'files', path: '/srv' } },
    { name: 'token', csi: { driver: 'secrets.csi', volumeAttributes: { class: 'vault' } } },
    { name: 'key', secret: { secretName: 'key', items: [{ key: 'a', path: 'b' }] } },
    { name: 'bare' },
  ];
  const pod = {
    metadata: { name: 'web-0', namespace: 'shop', annotations },
    spec: { nodeName: 'node-1', volumes },
    status: { phase: 'Running' },
  };
  expect(podFacts(pod)).toEqual({
    namespace: 'shop',
    name: 'web-0',
    phase: 'Running',
    node: 'node-1',
    volumes: [
      { name: 'data', source: 'persistentVolumeClaim', claimName: 'db' },
      { name: 'scratch', source: 'ephemeral', claimName: 'web-0-scratch' },
      { name: 'share', source: 'nfs', nfs: { server: 'files', path: '/srv' } },
      {
        name: 'token',
        source: 'csi',
        csi: { driver: 'secrets.csi', volumeAttributes: { class: 'vault' } },
      },
      { name: 'key', source: 'secret' },
      { name: 'bare', source: 'emptyDir' },
    ],
    requested: ['data', 'cache'],
    excluded: ['scratch'],
  });
});

test('the facts of a claim have the defaults of the API server', () => {
  const claim = {
    metadata: { name: 'db', namespace: 'shop', uid: 'u', labels: { tier: 'gold' } },
    spec: {
      volumeName: 'pv-1',
      storageClassName: 'fast',
      resources: { requests: { storage: '1Ki' } },
      accessModes: ['ReadWriteOnce'],
    },
    status: { phase: 'Bound' },
  };
  expect(claimFacts(claim)).toEqual({
    namespace: 'shop',
    name: 'db',
    uid: 'u',
    phase: 'Bound',
    volumeName: 'pv-1',
    storageClass: 'fast',
    labels: { tier: 'gold' },
    requestedBytes: 1024,
    volumeMode: 'Filesystem',
    accessModes: ['ReadWriteOnce'],
  });
});

test('the facts of a persistent volume name its kind in the words of Velero', () => {
  const spec = {
    capacity: { storage: '5G' },
    storageClassName: 'fast',
    claimRef: { namespace: 'shop', name: 'db' },
    csi: { driver: 'ebs', volumeHandle: 'v', volumeAttributes: { type: 'gp3' } },
  };
  expect(persistentVolumeFacts({ metadata: { name: 'pv-1' }, spec })).toEqual({
    name: 'pv-1',
    capacityBytes: 5e9,
    storageClass: 'fast',
    type: 'csi',
    csi: { driver: 'ebs', volumeAttributes: { type: 'gp3' } },
    claim: { namespace: 'shop', name: 'db' },
  });
  const typeOf = (source: object) =>
    persistentVolumeFacts({ metadata: { name: 'pv' }, spec: source }).type;
  expect(typeOf({ hostPath: { path: '/' } })).toBe('hostPath');
  expect(typeOf({ storageos: {} })).toBe('storageOS');
  expect(typeOf({ awsElasticBlockStore: { volumeID: 'v' } })).toBe('awsElasticBlockStore');
  expect(typeOf({ somethingNew: {} })).toBeUndefined();
});

test('objects without spec and status have facts, too', () => {
  const metadata = { name: 'x' };
  expect(podFacts({ metadata })).toMatchObject({ phase: '', volumes: [], requested: [] });
  expect(claimFacts({ metadata })).toMatchObject({ phase: '', requestedBytes: 0 });
  expect(persistentVolumeFacts({ metadata })).toEqual({ name: 'x', capacityBytes: 0 });
});
