import { expect, test } from 'vitest';

import {
  bucketRepository,
  credentialVariables,
} from '../../../../activities/engine/restic/environment.ts';
import type { S3Location } from '../../../../domain/storage-location.ts';

const LOCATION: S3Location = {
  name: 'default',
  provider: 's3',
  bucket: 'backups',
  prefix: '',
  region: 'eu-west-1',
  isPathStyle: false,
};

test.each([
  [{}, 's3:https://s3.amazonaws.com/backups/restic/v1/uid/shop'],
  [{ prefix: 'a/b' }, 's3:https://s3.amazonaws.com/backups/a/b/restic/v1/uid/shop'],
  [{ endpoint: 'http://store:8333/' }, 's3:http://store:8333/backups/restic/v1/uid/shop'],
  [{ prefix: 'a+b c?#%' }, /\/backups\/a%2Bb%20c%3F%23%25\/restic\/v1\/uid\/shop$/],
])('calls a repository in a bucket so that restic understands it: %j', (changes, url) => {
  expect(bucketRepository({ ...LOCATION, ...changes }, 'restic/v1/uid/shop')).toMatch(url);
});

const FOUND = { accessKeyId: 'id', secretAccessKey: 'secret' };
const KEYS = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };
const EXPIRING = { ...FOUND, sessionToken: 'token', expiresAt: new Date(0) };

test('hands credentials to restic as the SDK found them, wherever they come from', () => {
  expect(credentialVariables(FOUND, {})).toEqual(KEYS);
  const env = { AWS_SESSION_TOKEN: 'token' };
  expect(credentialVariables({ ...FOUND, sessionToken: 'token' }, env)).toEqual({
    ...KEYS,
    ...env,
  });
});

test('lets restic renew credentials that expire, where it can', () => {
  const env = { AWS_ROLE_ARN: 'arn', AWS_WEB_IDENTITY_TOKEN_FILE: '/token', AWS_REGION: 'r' };
  expect(credentialVariables(EXPIRING, { ...env, OTHER: 'x' })).toEqual(env);
  expect(credentialVariables(EXPIRING, {})).toEqual({});
  // restic does not read what a profile says about roles.
  expect(credentialVariables(EXPIRING, { AWS_PROFILE: 'backup' })).toEqual({
    ...KEYS,
    AWS_SESSION_TOKEN: 'token',
  });
});
