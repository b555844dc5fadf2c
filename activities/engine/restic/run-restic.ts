import { type EngineProgress, type EngineRun, type RepositoryAccess } from '../port.ts';
import { runProcess } from '../process.ts';
import type { ResticConfig } from './config.ts';
import { resticEnvironment } from './environment.ts';
import { ResticOutput } from './messages.ts';
import { type GiveUp, ProgressWatch } from './progress.ts';

const TICK_MS = 1000;

/** One call of restic. */
export interface ResticCall {
  readonly repository: RepositoryAccess;
  readonly run: EngineRun;
  readonly phase: EngineProgress['phase'];
  /** The command and its flags; never a secret. */
  readonly args: readonly string[];
  readonly cwd?: string;
}

/** How a call ended. */
export interface ResticEnd {
  readonly code: number;
  readonly output: ResticOutput;
  /** Why the process was ended from here. */
  readonly givenUp?: GiveUp;
}

/** Runs restic to its end. Throws the reason of the signal when that is aborted; any exit code is an end. */
export async function runRestic(config: ResticConfig, call: ResticCall): Promise<ResticEnd> {
  const { run, repository } = call;
  run.signal.throwIfAborted();
  const env = await resticEnvironment(config, repository, run.key);
  const output = new ResticOutput();
  const watch = new ProgressWatch(call.phase, output, config);
  const stop = new AbortController();
  let givenUp: GiveUp | undefined;
  const tick = setInterval(() => {
    run.onProgress?.(watch.now());
    givenUp ??= watch.giveUp();
    if (givenUp !== undefined) {
      stop.abort();
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
        if (words !== undefined) {
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

function repositoryFlags({ repository: { location }, run }: ResticCall): string[] {
  const flags =
    location.provider === 's3'
      ? ['-o', `s3.bucket-lookup=${location.isPathStyle ? 'path' : 'dns'}`]
      : [];
  if (run.limitBytesPerSecond !== undefined) {
    const limit = String(Math.max(1, Math.floor(run.limitBytesPerSecond / 1024)));
    flags.push(`--limit-upload=${limit}`, `--limit-download=${limit}`);
  }
  return flags;
}
