import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type OidcOptions, oidcTokens } from '../../../api/access/oidc-tokens.ts';

// Goal: a token counts when its issuer has signed it for us and its time is not over, and nothing else does. Method: an
// issuer on this machine with a key of its own.

const HOUR = 3600;
let issuer = '';
let server: Server;
let key: CryptoKey;
let strange: CryptoKey;
let isAway = false;

beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true });
  key = pair.privateKey;
  strange = (await generateKeyPair('RS256')).privateKey;
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'RS256' };
  server = createServer(({ url }, answer) => {
    const body = url === '/keys' ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/keys` };
    answer.writeHead(isAway ? 503 : 200, { 'content-type': 'application/json' });
    answer.end(isAway ? '' : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // A server that listens on a port has an address of this shape.
  issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

function options(more: Partial<OidcOptions> = {}): OidcOptions {
  return {
    ...{ issuer, audience: 'hf', usernameClaim: 'sub', usernamePrefix: 'idp:' },
    ...{ groupsClaim: 'groups', groupsPrefix: 'idp:', ...more },
  };
}

interface Made {
  readonly claims?: Record<string, unknown>;
  readonly signer?: CryptoKey;
  readonly audience?: string;
  readonly from?: string;
  readonly seconds?: number;
}

function token({
  claims = {},
  signer = key,
  audience = 'hf',
  from = issuer,
  seconds = HOUR,
}: Made) {
  return new SignJWT({ sub: 'alice', groups: ['dev'], ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'k' })
    .setIssuer(from)
    .setAudience(audience)
    .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
    .sign(signer);
}

test('knows who the issuer says it is', async () => {
  const known = oidcTokens(options());
  expect(await known(await token({}))).toEqual({
    username: 'idp:alice',
    groups: ['idp:dev', 'system:authenticated'],
  });
});

test.each<[string, Made]>([
  ['for somebody else', { audience: 'other' }],
  ['of another issuer', { from: 'https://elsewhere.test' }],
  ['that is over', { seconds: -60 }],
  ['of nobody', { claims: { sub: '' } }],
])('does not know a token %s', async (_case, made) => {
  expect(await oidcTokens(options())(await token(made))).toBeUndefined();
});

test('does not know a token that somebody else has signed', async () => {
  expect(await oidcTokens(options())(await token({ signer: strange }))).toBeUndefined();
});

test('does not know a token that nobody has signed', async () => {
  const [, payload] = (await token({})).split('.');
  const header = Buffer.from('{"alg":"none"}').toString('base64url');
  expect(await oidcTokens(options())(`${header}.${payload ?? ''}.`)).toBeUndefined();
  expect(await oidcTokens(options())('no.token')).toBeUndefined();
});

test('an address counts when it is verified', async () => {
  const known = oidcTokens(options({ usernameClaim: 'email', usernamePrefix: '' }));
  const email = 'alice@shop.test';
  for (const verified of [false, 'false', null]) {
    const claims = { email, email_verified: verified };
    expect(await known(await token({ claims }))).toBeUndefined();
  }
  expect(await known(await token({ claims: { email, email_verified: true } }))).toMatchObject({
    username: email,
  });
});

test.each<[string, Partial<OidcOptions>, Record<string, unknown>]>([
  ['a group', { groupsPrefix: '' }, { groups: ['dev', 'system:masters'] }],
  ['a name', { usernamePrefix: '' }, { sub: 'system:admin' }],
])('an issuer cannot give %s that Kubernetes keeps for itself', async (_case, more, claims) => {
  expect(await oidcTokens(options(more))(await token({ claims }))).toBeUndefined();
});

test('an issuer that is away is no fault of the token, and is asked again', async () => {
  const known = oidcTokens(options());
  isAway = true;
  await expect(known(await token({}))).rejects.toMatchObject({ code: 'issuer-unreachable' });
  isAway = false;
  expect(await known(await token({}))).toMatchObject({ username: 'idp:alice' });
});
