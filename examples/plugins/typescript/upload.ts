import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { kubectl } from './kubectl.ts';
import { Told } from './told.ts';
import { findMount, type Mount, type Volume } from './volume.ts';

/** A tar archive ends with two empty blocks. */
const END_BYTES = 1024;

/** What others see of an upload while it goes on. */
export interface Progress {
  done: number;
  total?: number;
}

export interface UploadOptions {
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** As fast as it goes when left out. */
  readonly bytesPerSecond?: number | undefined;
}

/** Writes the files of a volume into a tar archive. A file of that name is whole; until then it is called `….part`. */
export async function upload(volume: Volume, file: string, options: UploadOptions): Promise<void> {
  const mount = await findMount(volume);
  options.progress.total = await sizeOf(mount);
  const part = `${file}.part`;
  await stream(mount, part, options);
  await checkEnd(part);
  // What was expected is an estimate: an archive has headers, and files change.
  options.progress.total = options.progress.done;
  await rename(part, file);
}

function inside({ namespace, pod, container }: Mount, ...command: string[]): string[] {
  return ['exec', '--namespace', namespace, pod, '--container', container, '--', ...command];
}

async function sizeOf(mount: Mount): Promise<number> {
  return Number.parseInt(await kubectl(...inside(mount, 'du', '-sb', mount.path)), 10);
}

async function stream(mount: Mount, file: string, options: UploadOptions): Promise<void> {
  const { signal } = options;
  const args = inside(mount, 'tar', 'c', '-C', mount.path, '.');
  const child = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = once(child, 'close');
  const written = pipeline(child.stdout, meter(options), createWriteStream(file), { signal });
  // Both are over before anything else is done with the file.
  for (const result of await Promise.allSettled([written, ended])) {
    if (result.status === 'rejected') {
      throw result.reason;
    }
  }
  if (child.exitCode !== 0) {
    console.error(`tar in pod ${mount.pod}: ${said.trim()}`);
    throw new Told(`tar in pod ${mount.pod} ended with ${String(child.exitCode)}`);
  }
}

/** Counts what goes through, and keeps it to the rate. */
function meter({ progress, bytesPerSecond }: UploadOptions): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      progress.done += chunk.length;
      const pauseMs = bytesPerSecond === undefined ? 0 : (chunk.length / bytesPerSecond) * 1000;
      void sleep(pauseMs).then(() => {
        done(null, chunk);
      });
    },
  });
}

/** A stream out of a pod may end early without an error. */
async function checkEnd(file: string): Promise<void> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - END_BYTES);
    const { buffer } = await handle.read(Buffer.alloc(END_BYTES), 0, END_BYTES, from);
    if (size < END_BYTES || buffer.some((byte) => byte !== 0)) {
      throw new Told('the archive was cut short');
    }
  } finally {
    await handle.close();
  }
}
