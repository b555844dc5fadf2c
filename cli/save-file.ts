import { randomBytes } from 'node:crypto';
import { link, lstat, open, rename, rm } from 'node:fs/promises';

const RANDOM_BYTES = 4;
/** Rights of a file, before the umask takes some away. */
const OPEN_MODE = 0o666;

/** A file whose name is taken. */
export class FileExistsError extends Error {
  constructor(path: string, cause?: unknown) {
    super(`${path} is there already; --force replaces it, --output-file names another`, { cause });
    this.name = 'FileExistsError';
  }
}

/** Throws `FileExistsError` if there is anything of this name. */
export async function requireFree(path: string): Promise<void> {
  try {
    await lstat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return;
    }
    throw error;
  }
  throw new FileExistsError(path);
}

/**
 * Writes a stream to a file, of which nothing is seen under its name before it is whole; gives its size in bytes. What
 * fails leaves nothing behind. Throws `FileExistsError` unless it may replace.
 */
export async function saveFile(
  path: string,
  body: AsyncIterable<Uint8Array>,
  { isForced, mode = OPEN_MODE }: { readonly isForced: boolean; readonly mode?: number },
): Promise<number> {
  const unfinished = `${path}.${randomBytes(RANDOM_BYTES).toString('hex')}.part`;
  try {
    const size = await write(unfinished, body, mode);
    await publish(unfinished, path, isForced);
    return size;
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function write(path: string, body: AsyncIterable<Uint8Array>, mode: number): Promise<number> {
  const file = await open(path, 'wx', mode);
  let size = 0;
  try {
    for await (const chunk of body) {
      await file.writeFile(chunk);
      size += chunk.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return size;
}

/** A link fails when the name was taken meanwhile, which a rename does not. */
async function publish(unfinished: string, path: string, isForced: boolean): Promise<void> {
  try {
    await (isForced ? rename(unfinished, path) : link(unfinished, path));
  } catch (error) {
    throw codeOf(error) === 'EEXIST' ? new FileExistsError(path, error) : error;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
