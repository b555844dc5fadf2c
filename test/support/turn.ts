import { spawn } from 'node:child_process';

/** What flock ends with when another one has the file: a code that it gives for nothing else. */
const TAKEN = 75;

/** What there can be one of on a machine at a time. */
export interface Turn {
  /** Says what another one has when it is waited for in vain. */
  readonly what: string;
  /** Whoever has it locked has the turn. */
  readonly path: string;
  readonly waitSeconds: number;
}

/** Waits until nobody else has the turn; gives what lets the next one. It goes with this process, too. */
export async function takeTurn({ what, path, waitSeconds }: Turn): Promise<() => void> {
  const wait = ['--timeout', String(waitSeconds), '--conflict-exit-code', String(TAKEN)];
  const holder = spawn('flock', [...wait, path, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  holder.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await new Promise<void>((resolve, reject) => {
    holder.stdout.once('data', () => {
      resolve();
    });
    holder.once('error', reject);
    holder.once('close', (code) => {
      const reason =
        code === TAKEN
          ? `another one has been there for ${String(waitSeconds)} s`
          : `flock has ended with ${String(code)}: ${said.trim()}`;
      reject(new Error(`${what}: ${reason}`));
    });
  });
  return () => {
    holder.stdin.end();
  };
}
