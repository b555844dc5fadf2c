import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The command line of this checkout. */
export const LAUNCHER = fileURLToPath(new URL('../../bin/holdfast', import.meta.url));

/** A command of the command line that runs. */
export interface RunningCommand {
  readonly child: ChildProcess;
  /** What it has written so far. */
  stdout: string;
  stderr: string;
  /** Its exit status, when it has ended. */
  readonly status: Promise<number | null>;
}

/** Starts `bin/holdfast` as a user does, away from any terminal. */
export function startHoldfast(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): RunningCommand {
  const child = spawn(LAUNCHER, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const command: RunningCommand = {
    child,
    stdout: '',
    stderr: '',
    status: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    }),
  };
  child.stdout.on('data', (chunk: Buffer) => {
    command.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    command.stderr += chunk.toString();
  });
  return command;
}
