import { expect, test } from 'vitest';

import { readAccessConfig } from '../../../api/access/config.ts';

// Goal: nobody listens to strangers by an oversight. Method: environments, and what is read from them or said of them.

const OIDC = {
  HOLDFAST_AUTH: 'oidc',
  HOLDFAST_OIDC_ISSUER: 'https://id.test',
  HOLDFAST_OIDC_CLIENT_ID: 'hf',
};

test('this machine alone is asked nothing, and nobody is heard', () => {
  expect(readAccessConfig({}, '127.0.0.1')).toMatchObject({ modes: ['None'], auditLog: 'off' });
});

test('whoever comes from elsewhere is asked, and heard', () => {
  expect(readAccessConfig({}, '0.0.0.0')).toEqual({
    ...{ modes: ['Kubernetes'], audiences: ['holdfast'], ownCluster: 'local', auditLog: '-' },
    rates: { reads: 6000, writes: 600 },
    trustedProxies: [],
  });
});

test('reads several ways to say who one is', () => {
  const env = {
    ...OIDC,
    HOLDFAST_AUTH: 'kubernetes, tokens,OIDC',
    HOLDFAST_AUTH_TOKENS_FILE: '/tokens.json',
    HOLDFAST_AUTH_AUDIENCES: '',
    HOLDFAST_OIDC_GROUPS_PREFIX: 'idp:',
  };
  expect(readAccessConfig(env, '0.0.0.0')).toMatchObject({
    modes: ['Kubernetes', 'Tokens', 'OIDC'],
    audiences: [],
    tokensFile: '/tokens.json',
    oidc: {
      ...{ issuer: 'https://id.test', audience: 'hf', usernameClaim: 'sub' },
      ...{ usernamePrefix: 'https://id.test#', groupsClaim: 'groups', groupsPrefix: 'idp:' },
    },
  });
});

test.each([
  ['email', undefined, ''],
  ['email', 'x:', 'x:'],
  ['sub', '-', ''],
])('a user named by %s with the prefix %s has %j before the name', (claim, prefix, wanted) => {
  const env = {
    ...OIDC,
    HOLDFAST_OIDC_USERNAME_CLAIM: claim,
    HOLDFAST_OIDC_USERNAME_PREFIX: prefix,
  };
  expect(readAccessConfig(env, '::1').oidc?.usernamePrefix).toBe(wanted);
});

test.each<[string, NodeJS.ProcessEnv, string]>([
  [
    'nobody is asked',
    { HOLDFAST_AUTH: 'None' },
    'HOLDFAST_AUTH is None, and HOLDFAST_API_HOST is 0.0.0.0',
  ],
  ['nobody and somebody is asked', { HOLDFAST_AUTH: 'None,Tokens' }, 'has None beside others'],
  [
    'an unknown way',
    { HOLDFAST_AUTH: 'basic' },
    'has "basic"; known are None, Kubernetes, Tokens, OIDC',
  ],
  ['tokens without a file', { HOLDFAST_AUTH: 'Tokens' }, 'HOLDFAST_AUTH_TOKENS_FILE is not set'],
  ['no issuer', { HOLDFAST_AUTH: 'OIDC' }, 'HOLDFAST_OIDC_ISSUER is not set'],
  [
    'an issuer whose keys anybody could send',
    { ...OIDC, HOLDFAST_OIDC_ISSUER: 'http://id.test' },
    'write the https URL',
  ],
  ['no URL', { ...OIDC, HOLDFAST_OIDC_ISSUER: 'id' }, 'HOLDFAST_OIDC_ISSUER is "id"'],
  ['no number', { HOLDFAST_RATE_LIMIT_READS: 'many' }, 'HOLDFAST_RATE_LIMIT_READS is "many"'],
  ['no client', { ...OIDC, HOLDFAST_OIDC_CLIENT_ID: '' }, 'HOLDFAST_OIDC_CLIENT_ID is not set'],
])('refuses %s', (_case, env, text) => {
  expect(() => readAccessConfig(env, '0.0.0.0')).toThrow(text);
});

test('proxies are believed by their networks', () => {
  const read = (text: string): unknown =>
    readAccessConfig({ HOLDFAST_TRUSTED_PROXIES: text }, '127.0.0.1').trustedProxies;
  expect(read('10.0.0.0/8, fd00::/8')).toEqual(['10.0.0.0/8', 'fd00::/8']);
  for (const wrong of ['10.0.0.1', '10.0.0.0/33', 'proxy/8', 'true']) {
    expect(() => read(wrong)).toThrow(`HOLDFAST_TRUSTED_PROXIES has "${wrong}"`);
  }
});
