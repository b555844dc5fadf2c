import type { Access } from '../../domain/diagnosis/facts.ts';
import type { Subject } from '../../domain/access/access-need.ts';
import { Failure } from '../../domain/failure.ts';
import type { ClusterIdentity } from '../../domain/stored-run.ts';
import { type Authenticator, firstOf } from './authenticator.ts';
import { Authorizer } from './authorizer.ts';
import type { AccessConfig } from './config.ts';
import type { AccessControl } from './guard.ts';
import { oidcTokens } from './oidc-tokens.ts';
import { readTokens, staticTokens } from './static-tokens.ts';

/** The cluster whose RBAC governs. */
export interface GoverningCluster {
  identity(): Promise<ClusterIdentity>;
  reviewToken(token: string, audiences: readonly string[]): Promise<Subject | undefined>;
  isSubjectAllowed(subject: Subject, access: Access): Promise<boolean>;
}

/**
 * How callers are told apart and what they may do, as the configuration says it; undefined where nobody is asked. Throws
 * `invalid-request` when there is no cluster to ask, and for a file of tokens that cannot be read.
 */
export async function openAccessControl(
  config: AccessConfig,
  ownNamespace: string,
  cluster: GoverningCluster | undefined,
): Promise<AccessControl | undefined> {
  if (config.modes.includes('None')) {
    return undefined;
  }
  if (cluster === undefined) {
    const text =
      'HOLDFAST_AUTH needs a cluster, whose RBAC says what callers may do; run the API in one, or set KUBECONFIG';
    throw new Failure('invalid-request', text, { subject: 'HOLDFAST_AUTH' });
  }
  const { tokensFile, ownCluster } = config;
  if (tokensFile !== undefined) {
    // A fault of the file is told at the start, and not to the first who calls.
    await readTokens(tokensFile);
  }
  const authorizer = new Authorizer((subject, access) =>
    asReviewer(cluster.isSubjectAllowed(subject, access)),
  );
  return {
    authenticate: firstOf(authenticatorsOf(config, cluster)),
    allows: (subject, need) => authorizer.allows(subject, need),
    ...{ ownCluster, ownNamespace, clusterUid: onceKnown(() => cluster.identity()) },
  };
}

/** Those that answer by themselves come first; a token that none of them knows is shown to the cluster. */
function authenticatorsOf(
  { modes, tokensFile, oidc, audiences }: AccessConfig,
  cluster: GoverningCluster,
): Authenticator[] {
  return [
    ...(tokensFile === undefined ? [] : [staticTokens(tokensFile)]),
    ...(oidc === undefined ? [] : [oidcTokens(oidc)]),
    ...(modes.includes('Kubernetes')
      ? [(token: string) => asReviewer(cluster.reviewToken(token, audiences))]
      : []),
  ];
}

/** What a review says. That the API may not ask for one is no fault of who calls. */
async function asReviewer<Answer>(review: Promise<Answer>): Promise<Answer> {
  try {
    return await review;
  } catch (error) {
    if (error instanceof Failure && error.type === 'PermissionDenied') {
      const text =
        "the cluster does not let the API ask who calls; bind the ClusterRole system:auth-delegator to the API's service account";
      throw new Failure('cluster-failed', text, { cause: error });
    }
    throw error;
  }
}

/** Asks until there is an answer, which stays. */
function onceKnown(identity: () => Promise<ClusterIdentity>): () => Promise<string> {
  let known: string | undefined;
  return async () => (known ??= (await identity()).uid);
}
