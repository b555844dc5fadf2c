import { isRetried } from '../../../domain/failure.ts';
import type { S3Location } from '../../../domain/storage-location.ts';
import { type EngineProgress, type EngineRun, type RepositoryAccess } from '../port.ts';
import { pause } from '../pause.ts';
import { runProcess } from '../process.ts';
import { bandwidthFlags, patientConfig } from './bandwidth.ts';
import type { ResticConfig } from './config.ts';
import { resticEnvironment } from './environment.ts';
import { locationFailure } from './location.ts';
import { ResticOutput } from './messages.ts';
import { type GiveUp, ProgressWatch, waitingForLock } from './progress.ts';

const TICK_MS = 1000;
const LOCKED = 11;
const LOOK_AGAIN_MS = 2000;

/** One call of restic. */
export interface ResticCall {
  readonly repository: RepositoryAccess;
  readonly run: EngineRun;
  readonly phase: EngineProgress['phase'];
  /** The command and its flags; never a secret. */
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Exit codes that answer the call: what restic says of them does not go to the log. */
  readonly answers?: readonly number[];
}

/** How a call ended. */
export interface ResticEnd {
  readonly code: number;
  readonly output: ResticOutput;
  /** Why the process was ended from here. */
  readonly givenUp?: GiveUp;
}

/**
 * Runs restic, and again while somebody else locks the repository, for a while. restic could wait by itself, but says
 * nothing meanwhile where it says everything else in JSON.
 */
export async function runLocking(config: ResticConfig, call: ResticCall): Promise<ResticEnd> {
  const { onProgress, signal } = call.run;
  const startedAtMs = performance.now();
  const asked = { ...call, answers: [LOCKED] };
  let end = await runRestic(config, asked);
  while (end.code === LOCKED && performance.now() - startedAtMs < config.lockWaitMs) {
    onProgress?.(waitingForLock(startedAtMs, config));
    await pause(LOOK_AGAIN_MS, signal);
    end = await runRestic(config, asked);
  }
  return end;
}

/** Runs restic to its end. Throws the reason of the signal when that is aborted; any exit code is an end. */
export async function runRestic(config: ResticConfig, call: ResticCall): Promise<ResticEnd> {
  const { run, repository } = call;
  run.signal.throwIfAborted();
  const env = await resticEnvironment(config, repository, run.key);
  const output = new ResticOutput(call.answers);
  const watch = new ProgressWatch(call.phase, output, patientConfig(config, run.limits));
  const stop = new AbortController();
  let givenUp: GiveUp | undefined;
  const giveUp = (reason: GiveUp | undefined): void => {
    givenUp ??= reason;
    if (givenUp !== undefined) {
      stop.abort();
    }
  };
  let isProbed = false;
  const tick = setInterval(() => {
    run.onProgress?.(watch.now());
    giveUp(watch.giveUp());
    if (output.locationFailsSinceMs !== undefined && !isProbed) {
      isProbed = true;
      void isHopeless(repository).then((isSo) => {
        giveUp(isSo ? 'location' : undefined);
      });
    }
  }, TICK_MS);
  try {
    const code = await runProcess({
      command: config.binary,
      args: ['--json', ...repositoryFlags(call), ...call.args],
      env,
      input: `${repository.password}\n`,
      signal: AbortSignal.any([run.signal, stop.signal]),
      onLine: (line) => {
        const words = output.take(line);
        if (words !== undefined && words !== '') {
          run.onLog?.(words);
        }
      },
      ...(call.cwd === undefined ? {} : { cwd: call.cwd }),
    });
    run.signal.throwIfAborted();
    run.onProgress?.(watch.now());
    return { code, output, ...(givenUp === undefined ? {} : { givenUp }) };
  } finally {
    clearInterval(tick);
  }
}

/** Whether the location fails for a reason that waiting does not mend, which restic does not tell from others. */
async function isHopeless(repository: RepositoryAccess): Promise<boolean> {
  try {
    const failure = await locationFailure(repository);
    return failure !== undefined && !isRetried(failure.code);
  } catch {
    return false;
  }
}

function repositoryFlags({ repository: { location }, run }: ResticCall): string[] {
  const flags =
    location.provider === 's3'
      ? [
          '-o',
          `s3.bucket-lookup=${location.isPathStyle ? 'path' : 'dns'}`,
          ...classOption(location),
        ]
      : [];
  return [...flags, ...bandwidthFlags(run.limits)];
}

function classOption({ storageClass }: S3Location): string[] {
  return storageClass === undefined ? [] : ['-o', `s3.storage-class=${storageClass}`];
}
