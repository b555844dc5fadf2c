import { readdir, readFile } from 'node:fs/promises';

import { pause } from './pause.ts';
import { COPY_MARK, killGroup } from './process.ts';

const GRACE_MS = 30_000;
const LOOK_EVERY_MS = 50;

/**
 * Ends the processes that an earlier attempt at the same copy left on this machine, and gives their number once they are
 * gone: two of them would write the same files. The signal ends the wait.
 */
export async function endLeftovers(key: string, signal: AbortSignal): Promise<number> {
  const found = await processesOf(key);
  signalAll(found, 'SIGTERM');
  const startedAt = performance.now();
  for (let left = found; left.length > 0; left = await processesOf(key)) {
    await pause(LOOK_EVERY_MS, signal);
    if (performance.now() - startedAt > GRACE_MS) {
      signalAll(left, 'SIGKILL');
    }
  }
  return found.length;
}

function signalAll(pids: readonly number[], word: NodeJS.Signals): void {
  for (const pid of pids) {
    killGroup(pid, word);
  }
}

/** Leaders of the process groups that carry the mark of a copy. */
async function processesOf(key: string): Promise<number[]> {
  const mark = Buffer.from(`\0${COPY_MARK}=${key}\0`);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const marked = await Promise.all(
    pids.map(async (pid) => {
      // A process that is gone by now, or belongs to another user, is none of ours.
      const environment = await readFile(`/proc/${pid}/environ`).catch(() => Buffer.alloc(0));
      return Buffer.concat([Buffer.from('\0'), environment]).includes(mark);
    }),
  );
  return pids.filter((_, index) => marked[index] === true).map(Number);
}
