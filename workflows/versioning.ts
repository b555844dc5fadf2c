import { setWorkflowOptions, workflowInfo } from '@temporalio/workflow';

/** A workflow function, whatever it takes and gives. */
type AnyWorkflow = (...args: never[]) => Promise<unknown>;

/**
 * Has workflows end on the version of workers on which they began. Those that began without one move on, as all others do:
 * so say the options of versioned workers, and Temporal refuses an answer of workers without version that asks for one.
 */
export function endWhereTheyBegan(workflows: readonly AnyWorkflow[]): void {
  for (const workflow of workflows) {
    setWorkflowOptions(whereItBegan, workflow);
  }
}

/** Asked before the first step of a workflow; where it is replayed, the history tells the version of that step. */
function whereItBegan(): { readonly versioningBehavior?: 'PINNED' } {
  const { currentDeploymentVersion: version } = workflowInfo();
  // A worker without a deployment has a build all the same.
  return version === undefined || version.deploymentName === ''
    ? {}
    : { versioningBehavior: 'PINNED' };
}
