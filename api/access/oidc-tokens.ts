import { createRemoteJWKSet, customFetch, decodeJwt, errors, jwtVerify } from 'jose';

import type { Subject } from '../../domain/access/access-need.ts';
import { Failure } from '../../domain/failure.ts';
import { fields } from '../../domain/fields.ts';
import { strings } from '../../domain/velero-values.ts';
import type { Authenticator } from './authenticator.ts';

/** How OIDC tokens are read, as the flags `--oidc-*` of the Kubernetes API server say it. */
export interface OidcOptions {
  /** URL of the issuer, as in the claim `iss`. */
  readonly issuer: string;
  /** The client id that tokens are meant for. */
  readonly audience: string;
  readonly usernameClaim: string;
  readonly usernamePrefix: string;
  readonly groupsClaim: string;
  readonly groupsPrefix: string;
}

/** How the names of users and groups begin that Kubernetes keeps for itself. */
const RESERVED = 'system:';
/** Longest that the issuer may take for one answer. */
const ISSUER_TIMEOUT_MS = 5000;
/** Signatures with a key of the issuer alone: no shared secret, and never none. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/**
 * Knows the ID tokens of an issuer: signature, issuer, audience and time must be right. Throws `issuer-unreachable` when
 * the keys of the issuer cannot be had.
 */
export function oidcTokens(options: OidcOptions, fetching: typeof fetch = fetch): Authenticator {
  let keys: ReturnType<typeof createRemoteJWKSet> | undefined;
  return async (token) => {
    if (issuerOf(token) !== options.issuer) {
      return undefined;
    }
    keys ??= await discoverKeys(options.issuer, fetching);
    try {
      const { issuer, audience } = options;
      const { payload } = await jwtVerify(token, keys, {
        ...{ issuer, audience, algorithms: ALGORITHMS },
        requiredClaims: ['exp', options.usernameClaim],
      });
      return subjectOf(fields(payload), options);
    } catch (error) {
      if (isRefusal(error)) {
        return undefined;
      }
      throw unreachable(options.issuer, error);
    }
  };
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

/** The keys of an issuer, found as OpenID Connect Discovery 1.0 says. */
async function discoverKeys(
  issuer: string,
  fetching: typeof fetch,
): Promise<ReturnType<typeof createRemoteJWKSet>> {
  try {
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const answer = await fetching(url, { signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS) });
    const found = fields(await answer.json());
    if (found['issuer'] !== issuer || typeof found['jwks_uri'] !== 'string') {
      throw new Error('the document is of another issuer');
    }
    return createRemoteJWKSet(new URL(found['jwks_uri']), {
      timeoutDuration: ISSUER_TIMEOUT_MS,
      [customFetch]: fetching,
    });
  } catch (error) {
    throw unreachable(issuer, error);
  }
}

/** Whether the token is at fault, and not the way to the issuer. */
function isRefusal(error: unknown): boolean {
  const isIssuerAtFault =
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    // What the library says of an answer that is none: an error of no kind of its own.
    (error instanceof errors.JOSEError && error.code === errors.JOSEError.code);
  return error instanceof errors.JOSEError && !isIssuerAtFault;
}

function unreachable(issuer: string, cause: unknown): Failure {
  const text = `the issuer ${issuer} of OIDC tokens does not give its keys`;
  return new Failure('issuer-unreachable', text, { subject: issuer, cause });
}

function subjectOf(claims: Record<string, unknown>, options: OidcOptions): Subject | undefined {
  const { usernameClaim, usernamePrefix, groupsClaim, groupsPrefix } = options;
  const username = claims[usernameClaim];
  // As in Kubernetes, an address that nobody has verified is nobody's.
  const { email_verified: verified = true } = claims;
  const isUnverified = usernameClaim === 'email' && verified !== true;
  if (typeof username !== 'string' || username === '' || isUnverified) {
    return undefined;
  }
  const claimed = claims[groupsClaim];
  const named = typeof claimed === 'string' ? [claimed] : strings(claimed);
  const subject = {
    username: `${usernamePrefix}${username}`,
    groups: named.map((group) => `${groupsPrefix}${group}`),
  };
  // What Kubernetes names so itself, and lets do everything, no issuer may claim.
  const isReserved = [subject.username, ...subject.groups].some((name) =>
    name.startsWith(RESERVED),
  );
  return isReserved
    ? undefined
    : { ...subject, groups: [...subject.groups, 'system:authenticated'] };
}
