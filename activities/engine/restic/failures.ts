import { Failure, type FailureCode } from '../../../domain/failure.ts';
import type { RepositoryAccess } from '../port.ts';
import { isInRepository, locationFailure } from './location.ts';
import type { ResticEnd } from './run-restic.ts';

/** What restic's exit codes say, and those of the programs that start it (0.18 and later). */
const EXIT_CODES: Readonly<Record<number, FailureCode>> = {
  10: 'repository-missing',
  11: 'repository-locked',
  12: 'repository-password',
  125: 'engine-not-usable',
  126: 'engine-not-usable',
  127: 'engine-not-usable',
  137: 'engine-killed',
};

const TEXTS = {
  'repository-missing': 'there is no repository of restic at its place in the location',
  'repository-locked': 'another process locks the repository for itself',
  'repository-password':
    'the repository has another password: the master key of this installation is not the one that it was made with; put that one back',
  'repository-damaged': 'the repository is damaged',
  'engine-not-usable': 'restic cannot be started: see HOLDFAST_RESTIC and the image',
  'engine-killed': 'restic was killed, most likely because the memory ran out',
  'engine-failed':
    'restic failed for a reason that it only gives in words; the log of the worker has them',
  'snapshot-missing': 'the repository has no such snapshot',
  'quota-exceeded':
    'the location of the repository, or the cache folder of the node, has no room left; make room there',
  'volume-full': 'the volume has no room left for what is restored',
  'timed-out': 'restic did not move a byte for too long',
  'location-forbidden':
    'the location lets nobody write to the repository with the credentials of this process',
  'location-unreachable': 'restic does not reach the location of the repository',
} as const satisfies Partial<Record<FailureCode, string>>;

export type ResticFailureCode = keyof typeof TEXTS;

/** A failure of the engine in its standard words. */
export function engineFailure(code: ResticFailureCode, subject: string, cause?: unknown): Failure {
  return new Failure(code, TEXTS[code], { subject, cause });
}

/**
 * What a call of restic that did not succeed means. Codes come first, then the few words of `messages.ts`; where restic
 * has neither, our own client looks whether the location can be used at all.
 */
export async function resticFailure(
  end: ResticEnd,
  repository: RepositoryAccess,
): Promise<Failure> {
  const { code, output, givenUp } = end;
  const subject = repository.path;
  const cause = new Error(output.log.join('\n'));
  if (givenUp === 'stall') {
    return engineFailure('timed-out', subject, cause);
  }
  const known = EXIT_CODES[code] as ResticFailureCode | undefined;
  if (known !== undefined) {
    return engineFailure(known, subject, cause);
  }
  if (output.hasNoSpace || output.hasNoSpaceForItem) {
    return engineFailure('quota-exceeded', subject, cause);
  }
  if (output.isDenied) {
    return engineFailure('location-forbidden', subject, cause);
  }
  const otherwise = givenUp === 'location' ? 'location-unreachable' : 'engine-failed';
  return (await locationFailure(repository)) ?? engineFailure(otherwise, subject, cause);
}

/** What a call that failed at one snapshot means: it may not be there at all. */
export async function snapshotFailure(
  end: ResticEnd,
  repository: RepositoryAccess,
  snapshotId: string,
): Promise<Failure> {
  const failure = await resticFailure(end, repository);
  if (failure.code !== 'engine-failed') {
    return failure;
  }
  const isThere = await isInRepository(repository, `snapshots/${snapshotId}`);
  return isThere ? failure : engineFailure('snapshot-missing', snapshotId);
}
