import { DIAGNOSE_WORKFLOW, type DiagnoseInput } from '../../workflows/contract.ts';
import { WORKFLOW_TASK_QUEUE } from '../../domain/workflow-id.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { AGENT_NODE } from '../support/installation.ts';
import { deleteNamespace } from '../support/kubectl.ts';
import { applyVolumePod } from '../support/volume-pods.ts';
import type { Recorder } from './record-plugins.ts';

/** A look at a cluster, one of whose nodes has an agent and a pod with a volume. */
export async function recordDiagnosis({ installation, client, record }: Recorder): Promise<void> {
  const namespace = await freshNamespace('history-diagnosis');
  await applyVolumePod({ namespace, node: AGENT_NODE, name: 'web', claims: ['data'] });
  const workflowId = 'diagnose';
  const input: DiagnoseInput = { cluster: installation.name };
  await client.workflow.execute(DIAGNOSE_WORKFLOW, {
    ...{ workflowId, taskQueue: WORKFLOW_TASK_QUEUE, args: [input] },
  });
  await record(workflowId, workflowId);
  await deleteNamespace(namespace);
}
