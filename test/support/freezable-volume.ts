import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { AGENT_NODE } from './installation.ts';
import { kubectl } from './kubectl.ts';
import { applyVolumePod } from './volume-pods.ts';

const run = promisify(execFile);

/** How long a write may take that nothing blocks. */
const WRITE_MS = 1000;
const BLOCKED = Symbol('blocked');

/** A pod that freezes its volume before it is copied and thaws it after. */
export interface FreezingPod {
  readonly namespace: string;
  readonly name?: string;
  /** Besides those of its hooks, or in place of them. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** See `VolumePod`. */
  readonly fill?: string;
}

/** The claim of the pod. */
const CLAIM = 'data';

/**
 * An ext4 of its own on a loop device, as the only claim of a pod on the agent's node, which may freeze it. Whoever writes
 * into it while it is frozen sleeps until the thaw, and neither a signal nor a timeout wakes him: so tests look at it with
 * the functions here, and call `thaw` in any case before they delete the pod.
 */
export class FreezableVolume {
  readonly namespace: string;
  readonly pod: string;
  /** Where the node has it mounted for the pod, which is a path of this machine. */
  readonly path: string;
  readonly #mode: string;
  /** Settles when the write that was last tried has ended. */
  #probe: Promise<unknown> | undefined;

  private constructor(namespace: string, pod: string, at: { path: string; mode: string }) {
    this.namespace = namespace;
    this.pod = pod;
    this.path = at.path;
    this.#mode = at.mode;
  }

  /** Makes the pod with its claim, and waits until it runs. */
  static async make(wanted: FreezingPod): Promise<FreezableVolume> {
    const { namespace, name = 'web', annotations = {}, fill = 'echo one > data/file' } = wanted;
    await applyVolumePod({
      ...{ namespace, name, node: AGENT_NODE, isPrivileged: true },
      ...{ claims: [CLAIM], storageClass: 'standard-loop', storage: '64Mi', fill },
      annotations: { ...freezeAnnotations(), ...annotations },
    });
    const uid = await kubectl(
      ...['-n', namespace, 'get', 'pod', name, '-o', 'jsonpath={.metadata.uid}'],
    );
    const path = await mountOf(uid);
    const { mode } = await stat(path);
    return new FreezableVolume(namespace, name, { path, mode: (mode & 0o7777).toString(8) });
  }

  /**
   * Whether it is frozen. Gives the root folder the mode that it has, which is a write and changes nothing but a time, in a
   * process that is waited for a second; one that is blocked stays the probe until it wakes.
   */
  async isFrozen(): Promise<boolean> {
    this.#probe ??= once(spawn('chmod', [this.#mode, this.path], { stdio: 'ignore' }), 'exit');
    const end = await Promise.race([this.#probe, sleep(WRITE_MS, BLOCKED, { ref: false })]);
    if (end === BLOCKED) {
      return true;
    }
    this.#probe = undefined;
    return false;
  }

  /** Thaws it, if it is frozen. */
  async thaw(): Promise<void> {
    // What is not frozen cannot be thawed, and that is all right; the probe tells whether it worked.
    await run('fsfreeze', ['--unfreeze', this.path]).catch(() => undefined);
    if (await this.isFrozen()) {
      throw new Error(`${this.path} stays frozen`);
    }
  }

  /** Runs a shell text in the pod. */
  shell(script: string): Promise<string> {
    return kubectl('-n', this.namespace, 'exec', this.pod, '--', 'sh', '-c', script);
  }
}

/** Annotations with which a pod freezes the volume before a backup copies it, and thaws it after. */
function freezeAnnotations(): Record<string, string> {
  return {
    'pre.hook.backup.velero.io/container': 'main',
    'pre.hook.backup.velero.io/command': freezeCommand('--freeze'),
    'post.hook.backup.velero.io/container': 'main',
    'post.hook.backup.velero.io/command': freezeCommand('--unfreeze'),
  };
}

function freezeCommand(what: '--freeze' | '--unfreeze'): string {
  return JSON.stringify(['/bin/fsfreeze', what, `/volumes/${CLAIM}`]);
}

/** The place of the only volume of a pod that is a mount of its own. */
async function mountOf(uid: string): Promise<string> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  const paths = mounts.map((line) => line.split(' ')[4] ?? '');
  const path = paths.find((one) =>
    one.includes(`/pods/${uid}/volumes/kubernetes.io~local-volume/`),
  );
  if (path === undefined) {
    throw new Error(`this machine has no volume of the pod ${uid}`);
  }
  return path;
}
