import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/** How long a process has to end in order before it is killed. */
const GRACE_MS = 30_000;
/** Longest line that is kept; the rest of it is dropped. */
const LINE_CHARS_MAX = 32 * 1024 * 1024;
/** Exit codes of a process that a signal ended, as a shell gives them. */
const SIGNAL_CODES: Readonly<Record<string, number>> = { SIGKILL: 137, SIGTERM: 143, SIGHUP: 129 };
const UNKNOWN_SIGNAL_CODE = 128;

/** Marks the processes of a copy, so that a later attempt finds what an earlier one left behind. */
export const COPY_MARK = 'HOLDFAST_COPY';

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What the process reads from its standard input; it appears neither in its arguments nor in its environment. */
  readonly input: string;
  readonly signal: AbortSignal;
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void;
  readonly onStart?: (pid: number) => void;
}

/**
 * Runs a program without a shell, in a process group of its own; it is told to end when this process dies, and does not
 * care about hang-ups, which restic sends to other people's process ids. When the signal is aborted the group gets
 * SIGTERM, and SIGKILL half a minute later. Gives the exit code once the process is gone.
 */
export function runProcess(options: ProcessOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const { command, args, env, cwd, signal, onLine } = options;
    const wrapped = ['setpriv', '--pdeathsig', 'TERM', '--', command, ...args];
    const child = spawn('nohup', wrapped, {
      env: { ...env },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    });
    const end = (word: NodeJS.Signals): void => {
      killGroup(child.pid, word);
    };
    let killer: NodeJS.Timeout | undefined;
    const cancel = (): void => {
      end('SIGTERM');
      killer ??= setTimeout(end, GRACE_MS, 'SIGKILL');
    };
    const settle = (): void => {
      clearTimeout(killer);
      signal.removeEventListener('abort', cancel);
    };
    child.once('error', (error) => {
      settle();
      reject(error);
    });
    child.once('spawn', () => {
      options.onStart?.(child.pid ?? 0);
      signal.addEventListener('abort', cancel, { once: true });
      if (signal.aborted) {
        cancel();
      }
    });
    child.once('close', (code, word) => {
      settle();
      resolve(code ?? SIGNAL_CODES[word ?? ''] ?? UNKNOWN_SIGNAL_CODE);
    });
    readLines(child.stdout, (line) => {
      onLine(line, 'stdout');
    });
    readLines(child.stderr, (line) => {
      onLine(line, 'stderr');
    });
    // A process that ends before it has read everything is known by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
  });
}

/** Sends a signal to a process group that may be gone. */
export function killGroup(pid: number | undefined, word: NodeJS.Signals): void {
  if (pid === undefined || pid <= 1) {
    return;
  }
  try {
    process.kill(-pid, word);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
      throw error;
    }
  }
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  const take = (text: string): void => {
    const lines = text.split('\n');
    lines[0] = (rest + (lines[0] ?? '')).slice(0, LINE_CHARS_MAX);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      onLine(line);
    }
  };
  stream.setEncoding('utf8');
  stream.on('data', take);
  stream.on('end', () => {
    if (rest !== '') {
      onLine(rest);
    }
  });
}
