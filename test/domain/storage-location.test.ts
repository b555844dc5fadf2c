import { expect, test } from 'vitest';

import { parseStorageLocations } from '../../domain/storage-location.ts';

const FOLDER = { name: 'default', provider: 'folder', path: '/backups' };
const S3 = { name: 'default', provider: 's3', bucket: 'vault' };

const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';

function parsed(location: object): unknown {
  return parseStorageLocations(JSON.stringify([location]))[0];
}

test('what an earlier configuration says means the same', () => {
  expect(parsed(FOLDER)).toEqual(FOLDER);
  expect(parsed(S3)).toEqual({ ...S3, prefix: '', region: 'us-east-1', isPathStyle: false });
});

test('a location may be read-only', () => {
  expect(parsed({ ...FOLDER, readOnly: true })).toEqual({ ...FOLDER, readOnly: true });
  expect(parsed({ ...S3, readOnly: false })).toMatchObject({ readOnly: false });
});

test('a bucket may say how it is reached, and how it stores', () => {
  const options = { caCert: CERTIFICATE, storageClass: 'GLACIER_IR' };
  const encryption = { serverSideEncryption: 'aws:kms', kmsKeyId: 'alias/holdfast' };
  const lock = { objectLock: { mode: 'COMPLIANCE', period: '720h' } };
  const proxyUrl = 'http://me:p%40ss@proxy.example:3128';
  const all = { proxyUrl, ...options, ...encryption, ...lock };
  expect(parsed({ ...S3, ...all })).toMatchObject(all);
});

test('credentials are named, and never held', () => {
  const credentials = { secretName: 'vault.prod', key: 'cloud', profile: 'default' };
  expect(parsed({ ...S3, credentials })).toMatchObject({ credentials });
});

test.each([
  [{ ...FOLDER, readOnly: 'yes' }, 'locations[0].readOnly must be true or false'],
  [{ ...S3, credentials: 'vault' }, 'locations[0].credentials must be an object with secretName'],
  [{ ...S3, credentials: {} }, 'locations[0].credentials.secretName must be a text'],
  [
    { ...S3, credentials: { secretName: 'a/b' } },
    'locations[0].credentials.secretName must be the name of a Secret',
  ],
  [
    { ...S3, credentials: { secretName: 'vault', secretAccessKey: 'x' } },
    'locations[0].credentials.secretAccessKey is not a field of credentials',
  ],
  [{ ...S3, caCert: '/etc/ca.pem' }, 'locations[0].caCert must be a certificate in PEM'],
  [{ ...S3, caCert: CERTIFICATE, caFile: '/ca' }, 'caCert and caFile exclude each other'],
  [{ ...S3, storageClass: 'GLACIER' }, 'from which nothing can be read at once'],
  [{ ...S3, storageClass: 'a b' }, 'locations[0].storageClass must be the name of a storage class'],
  [{ ...S3, serverSideEncryption: 'AES' }, 'must be "AES256" or "aws:kms"'],
  [{ ...S3, serverSideEncryption: 'AES256', kmsKeyId: 'k' }, 'kmsKeyId needs serverSideEncryption'],
  [{ ...S3, objectLock: '720h' }, 'locations[0].objectLock must be an object with mode and period'],
  [
    { ...S3, objectLock: { mode: 'STRICT', period: '1h' } },
    'mode must be GOVERNANCE or COMPLIANCE',
  ],
  [{ ...S3, objectLock: { mode: 'GOVERNANCE', period: '30d' } }, 'period must be a duration'],
  [{ ...S3, objectLock: { mode: 'GOVERNANCE' } }, 'locations[0].objectLock.period must be a text'],
  [{ ...S3, proxyUrl: 'proxy:3128' }, 'locations[0].proxyUrl must be a URL such as http://proxy'],
  [{ ...FOLDER, bucket: 'vault' }, 'locations[0].bucket is not a field of a folder location'],
])('%j is refused: %s', (location, message) => {
  expect(() => parsed(location)).toThrow(message);
});
