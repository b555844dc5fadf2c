import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { endMarked, isRunning, markOf, type ProcessMark } from './process-mark.ts';

const RECORD_FILE = 'temporal.pid.json';

/** Who uses the database file beside it. */
interface ServerRecord {
  readonly dev: ProcessMark;
  readonly server?: ProcessMark;
}

/** The folder with the database file of a Temporal server, which one server at a time may use. */
export class DataFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Takes a folder for this process. A server whose `dev` was killed goes on by itself, and is ended here: two on one
   * database file would corrupt it. Throws when a `dev` that still runs has the folder.
   */
  static async take(path: string): Promise<DataFolder> {
    mkdirSync(path, { recursive: true });
    const folder = new DataFolder(path);
    const record = folder.#read();
    if (record !== undefined && isRunning(record.dev)) {
      throw new Error(
        `the holdfast dev with pid ${String(record.dev.pid)} uses the data folder ${path}; ` +
          'end it, or name another folder with --data-dir',
      );
    }
    if (record?.server !== undefined && isRunning(record.server)) {
      process.stderr.write(
        `holdfast: ending the Temporal server that an earlier run left behind (pid ${String(record.server.pid)})\n`,
      );
      await endMarked(record.server);
    }
    folder.#write(undefined);
    return folder;
  }

  /** Notes the server's process; to be called whenever it is started. */
  recordServer(pid: number): void {
    this.#write(markOf(pid));
  }

  #read(): ServerRecord | undefined {
    try {
      const record: unknown = JSON.parse(readFileSync(join(this.path, RECORD_FILE), 'utf8'));
      return isServerRecord(record) ? record : undefined;
    } catch {
      // None, or one that was cut off: then nobody is known to be there.
      return undefined;
    }
  }

  #write(server: ProcessMark | undefined): void {
    const record = { dev: markOf(process.pid), ...(server === undefined ? {} : { server }) };
    const file = join(this.path, RECORD_FILE);
    writeFileSync(`${file}.new`, JSON.stringify(record));
    renameSync(`${file}.new`, file);
  }
}

function isServerRecord(value: unknown): value is ServerRecord {
  const { dev, server } = (value ?? {}) as { dev?: unknown; server?: unknown };
  return isMark(dev) && (server === undefined || isMark(server));
}

function isMark(value: unknown): value is ProcessMark {
  const { pid, start } = (value ?? {}) as { pid?: unknown; start?: unknown };
  return typeof pid === 'number' && typeof start === 'string';
}
