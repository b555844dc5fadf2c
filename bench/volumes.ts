import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pLimit from 'p-limit';

import type { S3Location } from '../domain/storage-location.ts';
import { holdfastImage } from '../test/support/holdfast-image.ts';
import { AGENT_NODE, Installation } from '../test/support/installation.ts';
import { deleteNamespace, kubectl } from '../test/support/kubectl.ts';
import { NodeAgents } from '../test/support/node-agents.ts';
import { applyVolumePod } from '../test/support/volume-pods.ts';
import { RawRestic } from './raw-restic.ts';
import type { Result } from './results.ts';

const NAMESPACE = 'bench-volumes';
const POD = 'data';
/** Sizes as those of the volume that Velero 1.17 was measured with. */
const FILES = 2000;
const BIG_MIB = 290;
const VELERO_UNCHANGED_SECONDS = 10.9;
const UNCHANGED = 'volume-unchanged';
const PARALLEL = 10;
const PARALLEL_MIB = 30;
/** Copies that an agent has under way at a time, unless it is told otherwise. */
const COPIES_AT_A_TIME = 2;
/** What a copy may take beside the raw call. */
const TIMES_RAW = 1.1;
const MORE_SECONDS = 3;
/** Where the kubelet of the agent's node has the volumes of pods. */
const KUBELET_FOLDER = '/var/lib/kubelet';
/** How often each side is measured, taking turns. */
const ROUNDS = 3;

/**
 * Whole backups and restores of a namespace with a volume, from the request to the end of the run, against restic called
 * by hand on the same folder, into the same bucket, with its defaults, taking turns.
 */
export async function volumes(): Promise<Result[]> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const seconds = new Map<string, number[]>();
  const note = (name: string, value: number): void => {
    seconds.set(name, [...(seconds.get(name) ?? []), value]);
  };
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      await oneVolume(folder, note);
    }
    await manyVolumes(folder, note);
  } finally {
    await deleteNamespace(NAMESPACE);
    await rm(folder, { recursive: true, force: true });
  }
  const at = (name: string): number => median(seconds.get(name) ?? []);
  return [
    against('volume-first', at('first'), at('raw first')),
    against('volume-first-counts', at('counts'), at('raw counts')),
    against(UNCHANGED, at('unchanged'), at('raw unchanged')),
    {
      ...{ name: 'volume-unchanged-velero', value: at('unchanged'), unit: 's' },
      ratio: at('unchanged') / VELERO_UNCHANGED_SECONDS,
      against: `Velero 1.17 (${String(VELERO_UNCHANGED_SECONDS)} s, measured apart)`,
      ...{ target: 'less than it', isMet: at('unchanged') < VELERO_UNCHANGED_SECONDS },
    },
    against('volume-restore', at('restore'), at('raw restore')),
    against('volumes-10-parallel', at('parallel'), at('raw parallel')),
  ];
}

type Note = (name: string, seconds: number) => void;

/**
 * A first copy, an unchanged one and a restore. What restic is asked for by hand gives the same: a first copy makes the
 * repository, and one that is read back is compared with `backup` and `check --read-data`.
 */
async function oneVolume(folder: string, note: Note): Promise<void> {
  await withVolume(folder, async ({ installation, path, raw, made }) => {
    note('raw first', made + (await raw.backUp(path)) + (await raw.readBack()));
    note('first', await backUp(installation, 'first'));
    note('raw unchanged', await raw.backUp(path));
    note('unchanged', await backUp(installation, 'unchanged'));
    note('raw restore', await raw.restore(join(folder, 'restored')));
    await deleteNamespace(NAMESPACE);
    const request = installation.createRestore('back', { backupName: 'first' });
    note('restore', await ended(installation, request, { plural: 'restores', name: 'back' }));
  });
  await withVolume(folder, async ({ installation, path, raw, made }) => {
    note('raw counts', made + (await raw.backUp(path)));
    note('counts', await backUp(installation, 'counts', { volumeVerification: 'Counts' }));
  });
}

interface Volume {
  readonly installation: Installation;
  /** The folder of the volume. */
  readonly path: string;
  readonly raw: RawRestic;
  /** Seconds that its repository took. */
  readonly made: number;
}

async function withVolume(folder: string, run: (volume: Volume) => Promise<void>): Promise<void> {
  await withInstallation(async (installation) => {
    const fill = [
      `for i in $(seq ${String(FILES)}); do d=vol/$((i % 40)); mkdir -p $d; head -c 5000 /dev/urandom > $d/$i; done`,
      `dd if=/dev/urandom of=vol/big bs=1M count=${String(BIG_MIB)} 2>/dev/null`,
    ].join('\n');
    await applyVolumePod({
      ...{ namespace: NAMESPACE, name: POD, node: AGENT_NODE, claims: ['vol'], fill },
    });
    const path = await folderOf('vol');
    const raw = new RawRestic(s3Of(installation), folder);
    await run({ installation, path, raw, made: await raw.makeRepository() });
  });
}

/** Many volumes into one repository at the same time, against as many raw calls with as many at a time. */
async function manyVolumes(folder: string, note: Note): Promise<void> {
  await withInstallation(async (installation) => {
    const claims = Array.from({ length: PARALLEL }, (_, index) => `vol-${String(index)}`);
    const fill = claims.map(
      (claim) =>
        `dd if=/dev/urandom of=${claim}/data bs=1M count=${String(PARALLEL_MIB)} 2>/dev/null`,
    );
    await applyVolumePod({
      ...{ namespace: NAMESPACE, name: POD, node: AGENT_NODE, claims, fill: fill.join('\n') },
    });
    const raw = new RawRestic(s3Of(installation), folder);
    const paths = await Promise.all(claims.map(folderOf));
    const started = performance.now();
    await raw.makeRepository();
    await pLimit(COPIES_AT_A_TIME).map(paths, (path) => raw.backUp(path));
    note('raw parallel', (performance.now() - started) / 1000);
    const spec = { volumeVerification: 'Counts', copies: PARALLEL };
    note('parallel', await backUp(installation, 'many', spec));
  });
}

/** Holdfast with the agents of `deploy/` on both nodes, and one image for them and for pods that only mount. */
async function withInstallation(run: (installation: Installation) => Promise<void>): Promise<void> {
  const installation = await Installation.start({ mountImage: await holdfastImage() });
  const agents = await NodeAgents.start(installation);
  try {
    await deleteNamespace(NAMESPACE);
    await kubectl('create', 'namespace', NAMESPACE);
    await run(installation);
  } finally {
    await deleteNamespace(NAMESPACE);
    await agents.stop();
    await installation.stop();
  }
}

/** Seconds from the request to the end of a backup that copies all volumes. */
function backUp(
  installation: Installation,
  name: string,
  { copies = 1, ...more }: { copies?: number; volumeVerification?: string } = {},
): Promise<number> {
  const spec = { cluster: installation.name, includedNamespaces: [NAMESPACE], ...more };
  const request = installation.request('POST', '/backups', { metadata: { name }, spec });
  return ended(installation, request, { plural: 'backups', name, copies });
}

interface Run {
  readonly plural: 'backups' | 'restores';
  readonly name: string;
  readonly copies?: number;
}

/** Seconds from the request to the end of a run that is to move so many volumes. */
async function ended(
  installation: Installation,
  request: Promise<unknown>,
  { plural, name, copies = 1 }: Run,
): Promise<number> {
  const started = performance.now();
  await request;
  const { status } = await installation.ended(plural, name);
  const seconds = (performance.now() - started) / 1000;
  if (status.phase !== 'Completed' || status.volumes?.done !== copies) {
    const done = String(status.volumes?.done ?? 0);
    throw new Error(`${name} ended as ${status.phase}, with ${done} of ${String(copies)} volumes`);
  }
  return seconds;
}

/** The folder of a claim on its node, which is this machine. */
async function folderOf(claim: string): Promise<string> {
  const read = (...args: string[]): Promise<string> => kubectl('-n', NAMESPACE, 'get', ...args);
  const [uid, volume] = await Promise.all([
    read('pod', POD, '-o', 'jsonpath={.metadata.uid}'),
    read('pvc', claim, '-o', 'jsonpath={.spec.volumeName}'),
  ]);
  const volumes = join(KUBELET_FOLDER, 'pods', uid, 'volumes');
  for (const plugin of await readdir(volumes)) {
    const path = join(volumes, plugin, volume);
    if (existsSync(path)) {
      return path;
    }
  }
  throw new Error(`the claim ${claim} is not mounted`);
}

function s3Of(installation: Installation): S3Location {
  const location = installation.location('direct');
  if (location.provider !== 's3') {
    throw new Error('the bench takes a bucket');
  }
  return location;
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

function against(name: string, seconds: number, raw: number): Result {
  // Nothing grows with a volume that has not changed.
  const times = name === UNCHANGED ? 1 : TIMES_RAW;
  return {
    ...{ name, value: seconds, unit: 's', ratio: seconds / raw },
    against: `raw restic (${raw.toFixed(2)} s)`,
    target: `at most ${times === 1 ? 'raw' : `${String(times)} times`} and ${String(MORE_SECONDS)} s`,
    isMet: seconds <= times * raw + MORE_SECONDS,
  };
}
