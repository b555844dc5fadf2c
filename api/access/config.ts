import { BlockList, isIPv6 } from 'node:net';

import { Failure } from '../../domain/failure.ts';
import { requireDnsLabel } from '../../domain/names.ts';
import { settingOf } from '../../domain/settings.ts';
import type { RateLimits } from '../plugins/rate-limit.ts';
import type { OidcOptions } from './oidc-tokens.ts';

/** How callers say who they are. `None`: they do not, and everybody may do everything. */
type AuthMode = 'None' | 'Kubernetes' | 'Tokens' | 'OIDC';

const MODES: readonly AuthMode[] = ['None', 'Kubernetes', 'Tokens', 'OIDC'];
/** Hosts that nobody reaches from elsewhere. */
export const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

export interface AccessConfig {
  readonly modes: readonly AuthMode[];
  /** Of tokens of the cluster; none stands for the API server's own. */
  readonly audiences: readonly string[];
  readonly tokensFile?: string;
  readonly oidc?: OidcOptions;
  /** Name of the cluster whose RBAC is asked, as its runs have it. */
  readonly ownCluster: string;
  /** Requests that one caller may send in a minute. */
  readonly rates: RateLimits;
  /** Where the audit log goes: `-` for standard output, `off`, or the path of a file. */
  readonly auditLog: string;
  /** Networks of proxies that are believed when they say whom they speak for. */
  readonly trustedProxies: readonly string[];
}

/** Reads and checks who may call. Throws `invalid-request` that names the variable. */
export function readAccessConfig(env: NodeJS.ProcessEnv, host: string): AccessConfig {
  const modes = modesOf(env['HOLDFAST_AUTH'], host);
  const ownCluster = settingOf(env, 'HOLDFAST_CLUSTER');
  requireDnsLabel(ownCluster, 'HOLDFAST_CLUSTER');
  return {
    modes,
    audiences: listOf(settingOf(env, 'HOLDFAST_AUTH_AUDIENCES')),
    ...(modes.includes('Tokens') ? { tokensFile: required(env, 'HOLDFAST_AUTH_TOKENS_FILE') } : {}),
    ...(modes.includes('OIDC') ? { oidc: oidcOf(env) } : {}),
    ownCluster,
    rates: {
      reads: rateOf(env, 'HOLDFAST_RATE_LIMIT_READS'),
      writes: rateOf(env, 'HOLDFAST_RATE_LIMIT_WRITES'),
    },
    auditLog: env['HOLDFAST_AUDIT_LOG'] ?? (modes.includes('None') ? 'off' : '-'),
    trustedProxies: listOf(env['HOLDFAST_TRUSTED_PROXIES'] ?? '').map((text) => networkOf(text)),
  };
}

/** A network, such as `10.0.0.0/8`, as it was written. */
function networkOf(text: string): string {
  const [address = '', prefix = ''] = text.split('/');
  try {
    new BlockList().addSubnet(address, Number(prefix || NaN), isIPv6(address) ? 'ipv6' : 'ipv4');
  } catch {
    throw wrong('HOLDFAST_TRUSTED_PROXIES', `has "${text}"; write networks such as 10.0.0.0/8`);
  }
  return text;
}

function modesOf(text: string | undefined, host: string): readonly AuthMode[] {
  const isLoopback = LOOPBACK_HOSTS.has(host);
  const named = listOf(text ?? (isLoopback ? 'None' : 'Kubernetes'));
  const modes = named.map((name) => modeOf(name));
  if (modes.includes('None') && modes.length > 1) {
    throw wrong('HOLDFAST_AUTH', 'has None beside others; None asks nobody');
  }
  if (modes.includes('None') && !isLoopback) {
    const what = `is None, and HOLDFAST_API_HOST is ${host}; everybody there could do everything: use Kubernetes, or 127.0.0.1`;
    throw wrong('HOLDFAST_AUTH', what);
  }
  return modes;
}

function modeOf(name: string): AuthMode {
  const mode = MODES.find((known) => known.toLowerCase() === name.toLowerCase());
  if (mode === undefined) {
    throw wrong('HOLDFAST_AUTH', `has "${name}"; known are ${MODES.join(', ')}`);
  }
  return mode;
}

function oidcOf(env: NodeJS.ProcessEnv): OidcOptions {
  const issuer = issuerOf(required(env, 'HOLDFAST_OIDC_ISSUER'));
  const usernameClaim = settingOf(env, 'HOLDFAST_OIDC_USERNAME_CLAIM');
  return {
    issuer,
    audience: required(env, 'HOLDFAST_OIDC_CLIENT_ID'),
    usernameClaim,
    // As the API server does it: names of other claims than the address could be those of others.
    usernamePrefix: prefixOf(
      env['HOLDFAST_OIDC_USERNAME_PREFIX'] ?? (usernameClaim === 'email' ? '' : `${issuer}#`),
    ),
    groupsClaim: settingOf(env, 'HOLDFAST_OIDC_GROUPS_CLAIM'),
    groupsPrefix: prefixOf(env['HOLDFAST_OIDC_GROUPS_PREFIX'] ?? ''),
  };
}

/** A "-" stands for none, as in the flags of the API server. */
function prefixOf(text: string): string {
  return text === '-' ? '' : text;
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name] ?? '';
  if (value === '') {
    throw wrong(name, 'is not set, and HOLDFAST_AUTH needs it');
  }
  return value;
}

function rateOf(
  env: NodeJS.ProcessEnv,
  name: 'HOLDFAST_RATE_LIMIT_READS' | 'HOLDFAST_RATE_LIMIT_WRITES',
): number {
  const text = settingOf(env, name);
  const rate = Number(text);
  if (!Number.isInteger(rate) || rate < 1) {
    throw wrong(name, `is "${text}"; write a number of requests in a minute`);
  }
  return rate;
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function wrong(name: string, what: string): Failure {
  return new Failure('invalid-request', `${name} ${what}`, { subject: name });
}

/** What comes by plain HTTP from elsewhere may be anybody's keys. */
function issuerOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' && !LOOPBACK_HOSTS.has(url?.hostname ?? '')) {
    throw wrong('HOLDFAST_OIDC_ISSUER', `is "${text}"; write the https URL of the issuer`);
  }
  return text;
}
