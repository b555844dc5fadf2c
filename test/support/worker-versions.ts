import { Client, Connection } from '@temporalio/client';
import protocol from '@temporalio/proto';

import type { Installation } from './installation.ts';

const { VersionDrainageStatus } = protocol.temporal.api.enums.v1;

/** What Temporal knows of the versions of the workers of an installation. */
export class WorkerVersions {
  readonly #client: Client;
  readonly #deploymentName: string;

  private constructor(client: Client, deploymentName: string) {
    this.#client = client;
    this.#deploymentName = deploymentName;
  }

  static async open(
    { temporalAddress }: Installation,
    deploymentName: string,
  ): Promise<WorkerVersions> {
    const connection = await Connection.connect({ address: temporalAddress });
    return new WorkerVersions(new Client({ connection }), deploymentName);
  }

  /** The version on which new runs begin; nothing before there is one. */
  async current(): Promise<string | undefined> {
    try {
      const { workerDeploymentInfo } = await this.#client.workflowService.describeWorkerDeployment(
        this.#request,
      );
      return workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId ?? undefined;
    } catch {
      return undefined;
    }
  }

  /** Whether a version has runs that have not ended. */
  async drainage(buildId: string): Promise<string> {
    const { workerDeploymentVersionInfo: info } =
      await this.#client.workflowService.describeWorkerDeploymentVersion({
        ...this.#request,
        deploymentVersion: { deploymentName: this.#deploymentName, buildId },
      });
    return VersionDrainageStatus[info?.drainageInfo?.status ?? 0] ?? '';
  }

  /** The versions whose workers have moved a workflow on, in their order; all of its runs count together. */
  async versionsOf(workflowId: string): Promise<string[]> {
    const found = new Set<string>();
    const { workflow } = this.#client;
    for await (const { runId } of workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
      const { events } = await workflow.getHandle(workflowId, runId).fetchHistory();
      for (const { workflowTaskCompletedEventAttributes: task } of events ?? []) {
        if (task) {
          found.add(task.deploymentVersion?.buildId ?? 'none');
        }
      }
    }
    return [...found];
  }

  /** Ids of the workflows of a type. */
  async idsOf(type: string): Promise<string[]> {
    const ids = new Set<string>();
    for await (const { workflowId } of this.#client.workflow.list({
      query: `WorkflowType = "${type}"`,
    })) {
      ids.add(workflowId);
    }
    return [...ids];
  }

  async close(): Promise<void> {
    await this.#client.connection.close();
  }

  get #request(): { readonly namespace: string; readonly deploymentName: string } {
    return { namespace: 'default', deploymentName: this.#deploymentName };
  }
}
