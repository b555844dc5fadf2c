import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client } from '@temporalio/client';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import protocol from '@temporalio/proto';

import { isAnyAlive } from '../domain/pollers.ts';
import { RELEASE } from '../domain/release.ts';
import { WORKFLOW_TASK_QUEUE } from '../domain/workflow-id.ts';
import { writeLog } from './log.ts';
import { callTemporal } from './temporal-call.ts';

/** How often a worker looks whether the current version has workers, and tries again what Temporal has refused. */
const LOOK_MS = 30_000;
const RETRY_MS = 1000;
/** Enough of a digest to tell builds apart, and short enough to be read. */
const DIGEST_LENGTH = 12;

const { TASK_QUEUE_TYPE_WORKFLOW } = protocol.temporal.api.enums.v1.TaskQueueType;

/** Which version of which worker deployment a workflow worker is. */
export interface WorkerVersion {
  readonly deploymentName: string;
  readonly buildId: string;
}

interface Connected {
  readonly connection: NativeConnection;
  readonly namespace: string;
}

/** The version is what the workflows are: images with the same workflows are the same version. */
export function workerVersionOf(deploymentName: string, bundlePath: string): WorkerVersion {
  const digest = createHash('sha256').update(readFileSync(bundlePath)).digest('hex');
  return { deploymentName, buildId: `${RELEASE}-${digest.slice(0, DIGEST_LENGTH)}` };
}

/** Workflows move on to the current version, but for those that say that they end where they began. */
export function versionedOptions(
  version: WorkerVersion,
): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  return {
    workerDeploymentOptions: {
      ...{ version, useWorkerVersioning: true, defaultVersioningBehavior: 'AUTO_UPGRADE' },
    },
  };
}

/**
 * Makes a version the one that takes new runs, as soon as Temporal has seen a worker of it, and again whenever the current
 * one has no worker left: one that was restarted while another took its place must not keep new runs from all others.
 */
export async function keepCurrent(
  version: WorkerVersion,
  connected: Connected,
  signal: AbortSignal,
): Promise<void> {
  const deployment = new Deployment(version, connected);
  let isBegun = false;
  while (!signal.aborted) {
    let pauseMs = LOOK_MS;
    try {
      if (!isBegun || (await deployment.isDeserted())) {
        await deployment.makeCurrent();
        writeLog('info', 'new runs begin on this version', { ...version });
        isBegun = true;
      }
    } catch (error) {
      const name = error instanceof Error ? error.name : 'unknown';
      writeLog('warn', 'the version takes no new runs yet', { ...version, name });
      pauseMs = isBegun ? LOOK_MS : RETRY_MS;
    }
    await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

class Deployment {
  readonly #version: WorkerVersion;
  readonly #namespace: string;
  readonly #client: Client;

  constructor(version: WorkerVersion, connected: Connected) {
    this.#version = version;
    this.#namespace = connected.namespace;
    this.#client = new Client(connected);
  }

  /** Refused while no worker of the version has asked for work. */
  async makeCurrent(): Promise<void> {
    await callTemporal(this.#client, () =>
      this.#client.workflowService.setWorkerDeploymentCurrentVersion({
        ...{ namespace: this.#namespace, ...this.#version },
        identity: this.#client.options.identity,
      }),
    );
  }

  /** Whether another version takes new runs that has no worker. */
  async isDeserted(): Promise<boolean> {
    const { deploymentName, buildId } = this.#version;
    const request = { namespace: this.#namespace, deploymentName };
    const { workerDeploymentInfo } = await callTemporal(this.#client, () =>
      this.#client.workflowService.describeWorkerDeployment(request),
    );
    const current = workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId;
    if (current === undefined || current === null || current === buildId) {
      return false;
    }
    return !isAnyAlive(await this.#pollersOf(current), Date.now());
  }

  async #pollersOf(buildId: string) {
    const { pollers } = await callTemporal(this.#client, () =>
      this.#client.workflowService.describeTaskQueue({
        namespace: this.#namespace,
        taskQueue: { name: WORKFLOW_TASK_QUEUE },
        taskQueueType: TASK_QUEUE_TYPE_WORKFLOW,
      }),
    );
    return pollers.filter(({ deploymentOptions }) => deploymentOptions?.buildId === buildId);
  }
}
