import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { Failure } from '../../../domain/failure.ts';
import { fields } from '../../../domain/fields.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { readAll } from '../../../storage/object-store/read-all.ts';
import type { EngineRun, RepositoryAccess } from '../port.ts';
import type { ResticConfig } from './config.ts';
import { engineFailure, resticFailure } from './failures.ts';
import { lightenKeyFile } from './key-file.ts';
import { runRestic } from './run-restic.ts';

/**
 * Name of the object that decides which of several new repositories is the one. restic does not look at it. Who changes
 * the password of a repository has to remove it: it holds the first key.
 */
const FOUNDING = 'holdfast-init.json';

/** The files of a new repository: its key, wrapped by the password, and its encrypted configuration, in base64. */
interface Founding {
  readonly keyName: string;
  readonly key: string;
  readonly config: string;
}

/**
 * Makes a repository, once, whoever else makes it at the same moment. `restic init` alone does not survive that: two at
 * once leave two keys and the configuration of one, and one that is killed in between leaves a key that refuses every
 * other. So restic makes a repository in a private folder; the one whose files are claimed first, by a conditional
 * write, is the one, and everybody who comes writes the claimed files: always the same bytes.
 * Throws `repository-damaged` when something is there that is not of its own making.
 */
export async function initialise(
  config: ResticConfig,
  { repository, run }: { readonly repository: RepositoryAccess; readonly run: EngineRun },
): Promise<void> {
  const { path } = repository;
  const store = openObjectStore(repository.location, repository.readSecret);
  try {
    const founding =
      (await foundingOf(store, path)) ??
      (await claim(store, path, await found(config, repository, run)));
    await store.put(`${path}/keys/${founding.keyName}`, Buffer.from(founding.key, 'base64'));
    // Last: a repository without its configuration does not exist.
    await store.put(`${path}/config`, Buffer.from(founding.config, 'base64'));
  } finally {
    store.close();
  }
}

/** What was claimed before; undefined where nothing is. */
async function foundingOf(store: ObjectStore, path: string): Promise<Founding | undefined> {
  const founding = await readFounding(store, path);
  if (founding !== undefined || !(await holdsFiles(store, path))) {
    return founding;
  }
  // Keys and snapshots belong to a claim of a moment ago, or to a repository that lost its configuration.
  const claimed = await readFounding(store, path);
  if (claimed === undefined) {
    throw engineFailure('repository-damaged', path);
  }
  return claimed;
}

async function readFounding(store: ObjectStore, path: string): Promise<Founding | undefined> {
  const key = `${path}/${FOUNDING}`;
  if ((await store.head(key)) === undefined) {
    return undefined;
  }
  const stored = fields(JSON.parse((await readAll(store, key)).toString()));
  const text = (name: string): string => {
    const value = stored[name];
    if (typeof value !== 'string') {
      throw engineFailure('repository-damaged', path);
    }
    return value;
  };
  return { keyName: text('keyName'), key: text('key'), config: text('config') };
}

async function claim(store: ObjectStore, path: string, founding: Founding): Promise<Founding> {
  try {
    const body = Buffer.from(JSON.stringify(founding));
    await store.put(`${path}/${FOUNDING}`, body, { isNew: true });
    return founding;
  } catch (error) {
    const first =
      error instanceof Failure && error.code === 'precondition-failed'
        ? await readFounding(store, path)
        : undefined;
    if (first === undefined) {
      throw error;
    }
    return first;
  }
}

async function holdsFiles(store: ObjectStore, path: string): Promise<boolean> {
  for (const folder of ['keys', 'snapshots']) {
    for await (const page of store.list(`${path}/${folder}/`)) {
      if (page.length > 0) {
        return true;
      }
    }
  }
  return false;
}

/** Lets restic make a repository in a folder of its own. */
async function found(
  config: ResticConfig,
  { password }: RepositoryAccess,
  run: EngineRun,
): Promise<Founding> {
  const temporary = join(config.cacheDir, 'tmp');
  await mkdir(temporary, { recursive: true });
  const folder = await mkdtemp(join(temporary, 'init-'));
  try {
    const repository: RepositoryAccess = {
      location: { name: 'new', provider: 'folder', path: folder },
      path: 'repository',
      password,
    };
    const args = ['init', '--repository-version', '2'];
    const end = await runRestic(config, { repository, run, phase: 'Opening', args });
    if (end.code !== 0) {
      throw await resticFailure(end, repository);
    }
    const at = join(folder, repository.path);
    const [made = ''] = await readdir(join(at, 'keys'));
    const key = await lightenKeyFile(await readFile(join(at, 'keys', made)), password);
    return {
      keyName: key.name,
      key: key.body.toString('base64'),
      config: await readFile(join(at, 'config'), 'base64'),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
