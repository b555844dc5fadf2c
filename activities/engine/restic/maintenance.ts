import { fields, list } from '../../../domain/fields.ts';
import type {
  CheckRequest,
  EngineRun,
  ForgetRequest,
  RepositoryAccess,
  RepositoryCheck,
} from '../port.ts';
import type { ResticConfig } from './config.ts';
import { resticFailure } from './failures.ts';
import { numberOf } from './messages.ts';
import { type ResticEnd, runLocking } from './run-restic.ts';

/** Ids in the arguments of one call. */
const FORGOTTEN_MAX = 500;
/** Data that one prune writes anew; the next one goes on from there. */
const REPACKED_MAX = '20G';
const UNUSED_MAX = '10%';
/** The exit code of a check that found damage, among others. */
const FAILED = 1;

/** What a call of maintenance is for. */
interface Target {
  readonly repository: RepositoryAccess;
  readonly run: EngineRun;
}

/** See `VolumeEngine.forget`. */
export async function forgetSnapshots(
  config: ResticConfig,
  { repository, snapshotIds }: ForgetRequest,
  run: EngineRun,
): Promise<void> {
  for (let first = 0; first < snapshotIds.length; first += FORGOTTEN_MAX) {
    const ids = snapshotIds.slice(first, first + FORGOTTEN_MAX);
    await maintain(config, { repository, run }, ['forget', ...ids]);
  }
}

/** See `VolumeEngine.prune`. */
export async function pruneRepository(config: ResticConfig, target: Target): Promise<void> {
  const limits = ['--max-repack-size', REPACKED_MAX, '--max-unused', UNUSED_MAX];
  await maintain(config, target, ['prune', ...limits]);
}

/** See `VolumeEngine.check`. */
export async function checkRepository(
  config: ResticConfig,
  { repository, readData }: CheckRequest,
  run: EngineRun,
): Promise<RepositoryCheck> {
  const part =
    readData === undefined
      ? []
      : [`--read-data-subset=${String(readData.part)}/${String(readData.of)}`];
  const end = await call(config, { repository, run }, ['check', ...part]);
  const summary = fields(end.output.summary);
  const errorCount = numberOf(summary, 'num_errors');
  const failure = end.code === 0 ? undefined : await resticFailure(end, repository);
  const isDamage = end.code === FAILED && errorCount > 0 && failure?.code === 'engine-failed';
  if (failure !== undefined && !isDamage) {
    throw failure;
  }
  const damagedPacks = list(summary['broken_packs']).filter((id) => typeof id === 'string');
  return { errorCount, damagedPacks };
}

/** See `VolumeEngine.locks`. */
export async function listLocks(config: ResticConfig, target: Target): Promise<readonly string[]> {
  const end = await maintain(config, target, ['list', 'locks', '--no-lock', '--quiet']);
  return end.output.ids;
}

/** See `VolumeEngine.unlock`. Without `--remove-all` restic would send signals to the processes that locks name. */
export async function removeLocks(config: ResticConfig, target: Target): Promise<void> {
  await maintain(config, target, ['unlock', '--remove-all']);
}

async function maintain(config: ResticConfig, target: Target, args: string[]): Promise<ResticEnd> {
  const end = await call(config, target, args);
  if (end.code !== 0 || end.givenUp !== undefined) {
    throw await resticFailure(end, target.repository);
  }
  return end;
}

function call(config: ResticConfig, target: Target, args: string[]): Promise<ResticEnd> {
  return runLocking(config, { ...target, phase: 'Maintaining', args });
}
