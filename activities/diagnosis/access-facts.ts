import { EVERY_TYPE, particularAccess } from '../../domain/diagnosis/access.ts';
import type { Access, AccessFacts } from '../../domain/diagnosis/facts.ts';
import { forEachInPool } from '../in-pool.ts';
import type { Cluster } from '../kubernetes/port.ts';

/** Requests that are under way at the same time. */
const WIDTH = 16;
/** Those that are listed of what is denied. */
const DENIED_MAX = 50;

interface AccessQuestion {
  readonly cluster: Pick<Cluster, 'discover' | 'isAllowed'>;
  /** Holdfast's own. */
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/**
 * What the account may not do of what Holdfast does. The API server is asked about all types at once, and where that is
 * denied about each type that it serves: a role may name them.
 */
export async function accessFacts(question: AccessQuestion): Promise<AccessFacts> {
  const { cluster, namespace } = question;
  const [general, particular] = await Promise.all([
    deniedOf(question, EVERY_TYPE),
    deniedOf(question, particularAccess(namespace)),
  ]);
  let each: readonly Access[] = [];
  if (general.length > 0) {
    const { types } = await cluster.discover();
    each = await deniedOf(
      question,
      general.flatMap(({ verb }) =>
        types.map(({ group, resource }) => ({ verb, group, resource })),
      ),
    );
  }
  // A role that names every type there is suffices until there is another one.
  const denied = [...each, ...particular];
  return { denied: denied.slice(0, DENIED_MAX), deniedCount: denied.length };
}

async function deniedOf(
  { cluster, signal }: AccessQuestion,
  wanted: readonly Access[],
): Promise<Access[]> {
  const denied = new Set<Access>();
  await forEachInPool(wanted, WIDTH, async (access) => {
    if (!(await cluster.isAllowed(access, signal))) {
      denied.add(access);
    }
  });
  return wanted.filter((access) => denied.has(access));
}
