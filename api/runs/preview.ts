import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { WorkflowFailedError } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';

import { API_VERSION, type BackupPreview } from '../../domain/api-resource.ts';
import type { BackupSpec } from '../../domain/backup.ts';
import type { CoverageReport, PreviewResult } from '../../domain/coverage.ts';
import { Failure } from '../../domain/failure.ts';
import { previewWorkflowId, type RunKey, WORKFLOW_TASK_QUEUE } from '../../domain/workflow-id.ts';
import { PREVIEW_WORKFLOW, type PreviewInput } from '../../workflows/contract.ts';
import { BACKUPS } from './kinds.ts';
import type { RunSources } from './live.ts';
import { asReport } from './running.ts';
import { failureOf, requireSameSpec } from './service.ts';
import { specDigest } from './spec.ts';

const decompress = promisify(gunzip);

/** Previews that one API process has under way: each lists the cluster, beside the backups of the same workers. */
const PREVIEWS_MAX = 4;
/** How long a request waits for a preview; the run of it ends a little later by itself. */
const PREVIEW_WAIT_MS = 40_000;

/** Says what backups would hold, were they made now; nothing is kept of it. */
export class BackupPreviews {
  readonly #sources: Pick<RunSources, 'temporal' | 'store'>;
  #underWay = 0;

  constructor(sources: Pick<RunSources, 'temporal' | 'store'>) {
    this.#sources = sources;
  }

  /**
   * Throws what the open step refuses, `already-exists`, `throttled` when others look as well, and `preview-timeout`
   * when the cluster is too large for somebody to wait.
   */
  async preview(key: RunKey, spec: BackupSpec): Promise<BackupPreview> {
    const { temporal, store } = this.#sources;
    const [ended] = await Promise.all([
      BACKUPS.read(store(key.location), key),
      temporal.requireWorkers(spec.cluster),
    ]);
    if (ended !== undefined) {
      requireSameSpec(ended, specDigest(spec));
    }
    const result = await this.#limited(() => run({ temporal }, key, spec));
    if (result.kind === 'refused') {
      throw failureOf(result.failure);
    }
    const text = await decompress(Buffer.from(result.report, 'base64'));
    return {
      apiVersion: API_VERSION,
      kind: 'BackupPreview',
      metadata: key,
      // The activity `previewBackup` made it.
      coverage: JSON.parse(text.toString('utf8')) as CoverageReport,
    };
  }

  async #limited<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#underWay >= PREVIEWS_MAX) {
      const text = `${String(PREVIEWS_MAX)} previews are under way; ask again when one has ended`;
      throw new Failure('throttled', text);
    }
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
    }
  }
}

async function run(
  { temporal }: Pick<RunSources, 'temporal'>,
  key: RunKey,
  spec: BackupSpec,
): Promise<PreviewResult> {
  const input: PreviewInput = { name: key.name, spec };
  try {
    // The contract of the workflow says what it returns.
    return (await temporal.call(
      () =>
        temporal.client.workflow.execute(PREVIEW_WORKFLOW, {
          workflowId: previewWorkflowId(key, randomUUID()),
          taskQueue: WORKFLOW_TASK_QUEUE,
          args: [input],
          workflowExecutionTimeout: PREVIEW_WAIT_MS + 5000,
          staticSummary: `Preview of backup ${key.name} of cluster ${spec.cluster}`,
        }),
      PREVIEW_WAIT_MS,
    )) as PreviewResult;
  } catch (error) {
    throw failureOfRun(error);
  }
}

/** What the activity failed with, or that nobody waited to its end. */
function failureOfRun(error: unknown): unknown {
  if (!(error instanceof WorkflowFailedError)) {
    return error;
  }
  const { cause } = error;
  const inner = cause instanceof ActivityFailure ? cause.cause : cause;
  const report = inner instanceof ApplicationFailure ? asReport(inner.details?.[0]) : undefined;
  return report === undefined
    ? new Failure('preview-timeout', 'the preview takes too long; narrow the request', {
        cause: error,
      })
    : failureOf(report);
}
