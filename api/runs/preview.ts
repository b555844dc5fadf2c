import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { API_VERSION, type BackupPreview } from '../../domain/api-resource.ts';
import type { BackupSpec } from '../../domain/backup.ts';
import type { CoverageReport, PreviewResult } from '../../domain/coverage.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import { PREVIEW_WORKFLOW, type PreviewInput } from '../../workflows/contract.ts';
import { BACKUPS } from './kinds.ts';
import { requirePreviewable, type PreviewSources } from './preview-check.ts';
import type { PreviewRuns, PreviewWait } from './preview-runs.ts';
import { failureOf } from './service.ts';

const decompress = promisify(gunzip);

/** Says what backups would hold, were they made now; nothing is kept of it. */
export class BackupPreviews {
  readonly #sources: PreviewSources;
  readonly #runs: PreviewRuns;

  constructor(sources: PreviewSources, runs: PreviewRuns) {
    this.#sources = sources;
    this.#runs = runs;
  }

  /** Throws what the open step refuses, `already-exists`, and what `PreviewRuns` throws. */
  async preview(key: RunKey, spec: BackupSpec, wait: PreviewWait): Promise<BackupPreview> {
    await requirePreviewable(this.#sources, BACKUPS, { key, spec });
    const input: PreviewInput = { name: key.name, spec };
    const summary = `Preview of backup ${key.name} of cluster ${spec.cluster}`;
    // The contract of the workflow says what it returns.
    const result = (await this.#runs.result({
      ...{ workflow: PREVIEW_WORKFLOW, key, input, summary, wait },
    })) as PreviewResult;
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
}
