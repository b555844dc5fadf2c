import { Failure } from '../domain/failure.ts';
import { fields } from '../domain/fields.ts';
import { type LocationOwner, ownedElsewhere } from '../domain/locations/location-owner.ts';
import { OWNER_KEY } from '../domain/object-key.ts';
import type { ObjectStore, WriteCondition } from './object-store/port.ts';
import { readAll } from './object-store/read-all.ts';

type Claimant = Pick<LocationOwner, 'installation' | 'since'>;

/** Whose a location is; undefined before its first backup. Throws `unsupported-format` for a file that is none of ours. */
export async function readOwner(store: ObjectStore): Promise<LocationOwner | undefined> {
  let text: string;
  try {
    text = (await readAll(store, OWNER_KEY)).toString('utf8');
  } catch (error) {
    if (error instanceof Failure && error.code === 'object-missing') {
      return undefined;
    }
    throw error;
  }
  return parseOwner(text);
}

/** Throws `location-owned` where a location is another one's than the installation's; one of nobody is everybody's. */
export async function requireOwn(
  store: ObjectStore,
  { location, installation }: { readonly location: string; readonly installation: string },
): Promise<void> {
  const owner = await readOwner(store);
  if (owner !== undefined && owner.installation !== installation) {
    const { code, message } = ownedElsewhere(location, owner);
    throw new Failure(code, message, { subject: location });
  }
}

/** Makes a location the claimant's unless it is somebody's; whose it is then. Of two claimants one is told the other. */
export async function claimLocation(
  store: ObjectStore,
  claimant: Claimant,
): Promise<LocationOwner> {
  const owner = await readOwner(store);
  if (owner !== undefined) {
    return owner;
  }
  try {
    return await writeOwner(store, claimant, { isNew: true });
  } catch (error) {
    if (error instanceof Failure && error.code === 'precondition-failed') {
      return claimLocation(store, claimant);
    }
    throw error;
  }
}

/** Makes a location the claimant's, whosever it was. */
export async function adoptLocation(
  store: ObjectStore,
  claimant: Claimant,
): Promise<LocationOwner> {
  const owner = await readOwner(store);
  return owner?.installation === claimant.installation ? owner : writeOwner(store, claimant);
}

async function writeOwner(
  store: ObjectStore,
  { installation, since }: Claimant,
  condition?: WriteCondition,
): Promise<LocationOwner> {
  const owner: LocationOwner = { version: 1, kind: 'LocationOwner', installation, since };
  await store.put(OWNER_KEY, Buffer.from(`${JSON.stringify(owner, undefined, 2)}\n`), condition);
  return owner;
}

function parseOwner(text: string): LocationOwner {
  const { version, kind, installation, since } = fields(parsed(text));
  if (
    version !== 1 ||
    kind !== 'LocationOwner' ||
    typeof installation !== 'string' ||
    typeof since !== 'string'
  ) {
    const what = `${OWNER_KEY} does not say whose the location is`;
    throw new Failure('unsupported-format', what, { subject: OWNER_KEY });
  }
  return { version, kind, installation, since };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
