import { Failure } from '../../../domain/failure.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import type { RepositoryAccess } from '../port.ts';

/** What keeps our own client from looking at a repository; undefined if nothing does. */
export async function locationFailure(repository: RepositoryAccess): Promise<Failure | undefined> {
  try {
    await isInRepository(repository, 'config');
    return undefined;
  } catch (error) {
    if (error instanceof Failure) {
      return error;
    }
    throw error;
  }
}

/** Whether a repository has a file. Throws as the store does. */
export async function isInRepository(
  { location, path, readSecret }: RepositoryAccess,
  file: string,
): Promise<boolean> {
  const store = openObjectStore(location, readSecret);
  try {
    return (await store.head(`${path}/${file}`)) !== undefined;
  } finally {
    store.close();
  }
}
