import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { freePort } from './free-port.ts';

const TESTBED = fileURLToPath(new URL('../testbed/testbed.sh', import.meta.url));
const START_TRIES = 100;
const START_PAUSE_MS = 100;

/** versitygw, an S3 server over plain files, with one bucket, and the credentials of the environment unless others are named. */
export class VersityGateway {
  readonly bucket = 'holdfast';
  readonly endpoint: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, endpoint: string) {
    this.#child = child;
    this.#folder = folder;
    this.endpoint = endpoint;
  }

  static async start(secretKey = process.env['AWS_SECRET_ACCESS_KEY']): Promise<VersityGateway> {
    const { stdout: program } = await promisify(execFile)(TESTBED, ['versitygw']);
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-versitygw-'));
    const address = `127.0.0.1:${String(await freePort())}`;
    const child = spawn(program.trim(), ['--port', address, 'posix', folder], {
      stdio: 'ignore',
      env: {
        ...process.env,
        ROOT_ACCESS_KEY: process.env['AWS_ACCESS_KEY_ID'],
        ROOT_SECRET_KEY: secretKey,
      },
    });
    const gateway = new VersityGateway(child, folder, `http://${address}`);
    await mkdir(join(folder, gateway.bucket));
    await gateway.#answers();
    return gateway;
  }

  async stop(): Promise<void> {
    this.#child.kill();
    await once(this.#child, 'close');
    await rm(this.#folder, { recursive: true });
  }

  async #answers(): Promise<void> {
    for (let tried = 0; tried < START_TRIES; tried++) {
      const isUp = await fetch(this.endpoint).then(
        () => true,
        () => false,
      );
      if (isUp) {
        return;
      }
      await sleep(START_PAUSE_MS);
    }
    throw new Error('versitygw does not answer');
  }
}
