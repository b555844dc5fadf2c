import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll } from 'vitest';

import { openRoot, type OpenRoot } from '../../activities/engine/open-root.ts';
import type { EngineRun, RepositoryAccess, VolumeEngine } from '../../activities/engine/port.ts';
import { type ResticConfig, resticConfig } from '../../activities/engine/restic/config.ts';
import { createResticEngine } from '../../activities/engine/restic/engine.ts';
import { initialise } from '../../activities/engine/restic/initialise.ts';
import { repositoryPath } from '../../domain/volumes/repository.ts';
import type { VolumeLabels } from '../../domain/volumes/volume-copy.ts';

/** The claim of a new repository, which restic takes its time to make. */
export const MADE_REPOSITORY = new URL('test-repository.json', import.meta.url);

/** Folders, an engine and volumes for the tests of one file; all of it is removed behind them. */
export class VolumeFixture {
  folder = '';
  readonly #open: OpenRoot[] = [];

  /** Makes the folders before the tests of the file and removes them after. */
  static forFile(): VolumeFixture {
    const fixture = new VolumeFixture();
    beforeAll(async () => {
      fixture.folder = await mkdtemp(join(tmpdir(), 'holdfast-volumes-'));
    });
    afterAll(async () => {
      await Promise.all(fixture.#open.map((root) => root.close()));
      await rm(fixture.folder, { recursive: true, force: true });
    });
    return fixture;
  }

  config(changes: Partial<ResticConfig> = {}): ResticConfig {
    if (process.env['HOLDFAST_RESTIC'] === undefined) {
      throw new Error('HOLDFAST_RESTIC is not set: `make testbed-up` fetches restic');
    }
    return { ...resticConfig(process.env), cacheDir: join(this.folder, 'cache'), ...changes };
  }

  engine(changes: Partial<ResticConfig> = {}): VolumeEngine {
    return createResticEngine(this.config(changes));
  }

  /** Where a repository may be made. */
  access(): RepositoryAccess {
    const path = join(this.folder, 'locations', randomBytes(4).toString('hex'));
    return {
      location: { name: 'test', provider: 'folder', path },
      path: repositoryPath('cluster-uid', 'shop'),
      password: 'the password of the test',
    };
  }

  /** A new repository in a folder of its own; its claim was made beforehand, as restic takes its time for one. */
  async repository(): Promise<RepositoryAccess> {
    const access = this.access();
    await mkdir(folderOf(access), { recursive: true });
    await cp(MADE_REPOSITORY, join(folderOf(access), 'holdfast-init.json'));
    await initialise(this.config(), { repository: access, run: this.run() });
    return access;
  }

  /** A new folder that stands for a volume. */
  async volume(): Promise<string> {
    const path = join(this.folder, 'volumes', randomBytes(4).toString('hex'));
    await mkdir(path, { recursive: true });
    return path;
  }

  async root(path: string): Promise<OpenRoot> {
    const root = await openRoot(path);
    this.#open.push(root);
    return root;
  }

  run(changes: Partial<EngineRun> = {}): EngineRun {
    const key = randomBytes(8).toString('hex');
    return { key, signal: new AbortController().signal, ...changes };
  }
}

/** Labels of a copy of a volume of its own. */
export function volumeLabels(changes: Partial<VolumeLabels> = {}): VolumeLabels {
  return {
    clusterUid: 'cluster-uid',
    namespace: 'shop',
    volume: 'data',
    volumeUid: `volume-${randomBytes(4).toString('hex')}`,
    runUid: `run-${randomBytes(4).toString('hex')}`,
    backup: 'nightly',
    part: 0,
    epoch: '1.0',
    ...changes,
  };
}

/** Runs restic itself on a repository in a folder, as somebody beside Holdfast would. */
export function restic(access: RepositoryAccess, ...args: string[]): string {
  const env = { RESTIC_REPOSITORY: folderOf(access), RESTIC_PASSWORD: access.password };
  return execFileSync(process.env['HOLDFAST_RESTIC'] ?? '', ['--no-cache', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  }).toString();
}

/** A restic of which a backup does more than it is told, in the volume that it copies. */
export async function resticThat(
  { folder }: VolumeFixture,
  { flags = '', before = 'true', after = 'true' },
): Promise<string> {
  const binary = join(folder, `restic-${randomBytes(4).toString('hex')}`);
  const real = process.env['HOLDFAST_RESTIC'] ?? '';
  const backup = `${before}; ${real} "$@" ${flags}; code=$?; ${after}; exit $code`;
  const script = `#!/bin/sh\ncase "$*" in *" backup "*) ${backup};; *) exec ${real} "$@";; esac\n`;
  await writeFile(binary, script, { mode: 0o755 });
  return binary;
}

/** A restic that runs as a user who may read neither the files of others nor what is theirs alone. */
export async function nobodyRestic(
  { folder }: VolumeFixture,
  repository: RepositoryAccess,
): Promise<string> {
  const binary = join(folder, 'nobody-restic');
  const real = process.env['HOLDFAST_RESTIC'] ?? '';
  const copy = join(folder, 'restic');
  await cp(real, copy);
  const user = '--reuid=65534 --regid=65534 --clear-groups';
  await writeFile(binary, `#!/bin/sh\nexec setpriv ${user} ${copy} "$@"\n`, { mode: 0o755 });
  execFileSync('chown', ['-R', '65534:65534', folderOf(repository)]);
  await mkdir(join(folder, 'nobody-cache', 'tmp'), { recursive: true });
  execFileSync('chmod', ['0755', folder]);
  execFileSync('chown', ['-R', '65534:65534', join(folder, 'nobody-cache')]);
  return binary;
}

/** The folder of a repository. */
export function folderOf({ location, path }: RepositoryAccess): string {
  if (location.provider !== 'folder') {
    throw new Error('the repository is in a bucket');
  }
  return join(location.path, path);
}
