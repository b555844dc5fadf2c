import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a process may take to end before it is killed, and after that to be gone. */
const END_WAIT_MS = 10_000;
const KILL_WAIT_MS = 5000;
const POLL_MS = 50;
/** Place of the start time in `/proc/<pid>/stat`, counted after the name of the command (proc(5)). */
const START_FIELD = 19;

/** A process for ever: pids are used again, a pid with a start time is not. */
export interface ProcessMark {
  readonly pid: number;
  readonly start: string;
}

/** The mark of a process that runs; undefined when there is none. */
export function markOf(pid: number): ProcessMark | undefined {
  const start = process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
  return start === undefined ? undefined : { pid, start };
}

/** Whether the very process of the mark still runs. */
export function isRunning({ pid, start }: ProcessMark): boolean {
  return markOf(pid)?.start === start;
}

/** Ends the process of a mark, by force if it has to be. A process that only has its pid is left alone. */
export async function endMarked(mark: ProcessMark): Promise<void> {
  for (const { signal, waitMs } of [
    { signal: 'SIGTERM', waitMs: END_WAIT_MS },
    { signal: 'SIGKILL', waitMs: KILL_WAIT_MS },
  ]) {
    const deadline = Date.now() + waitMs;
    if (isRunning(mark)) {
      process.kill(mark.pid, signal);
    }
    while (isRunning(mark) && Date.now() < deadline) {
      await sleep(POLL_MS);
    }
  }
  if (isRunning(mark)) {
    throw new Error(`the process ${String(mark.pid)} does not end`);
  }
}

function startFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The name may hold blanks and brackets, so fields are counted after the last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // What is only waiting for its parent to take note of its end has ended.
    return fields[0] === 'Z' ? undefined : `${boot} ${fields[START_FIELD] ?? ''}`;
  } catch {
    return undefined;
  }
}

function startFromPs(pid: number): string | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() === '' ? undefined : stdout.trim();
}
