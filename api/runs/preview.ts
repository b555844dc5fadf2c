import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { API_VERSION, type BackupPreview } from '../../domain/api-resource.ts';
import type { BackupSpec } from '../../domain/backup.ts';
import type { CoverageReport, PreviewResult } from '../../domain/coverage.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import { PREVIEW_WORKFLOW, type PreviewInput } from '../../workflows/contract.ts';
import { BACKUPS } from './kinds.ts';
import type { RunSources } from './live.ts';
import type { PreviewRuns, PreviewWait } from './preview-runs.ts';
import { failureOf, requireSameSpec } from './service.ts';
import { specDigest } from './spec.ts';

const decompress = promisify(gunzip);

/** Says what backups would hold, were they made now; nothing is kept of it. */
export class BackupPreviews {
  readonly #sources: Pick<RunSources, 'temporal' | 'store'>;
  readonly #runs: PreviewRuns;

  constructor(sources: Pick<RunSources, 'temporal' | 'store'>, runs: PreviewRuns) {
    this.#sources = sources;
    this.#runs = runs;
  }

  /** Throws what the open step refuses, `already-exists`, and what `PreviewRuns` throws. */
  async preview(key: RunKey, spec: BackupSpec, wait: PreviewWait): Promise<BackupPreview> {
    const { temporal, store } = this.#sources;
    const [ended] = await Promise.all([
      BACKUPS.read(store(key.location), key),
      temporal.requireWorkers(spec.cluster),
    ]);
    if (ended !== undefined) {
      requireSameSpec(ended, specDigest(spec));
    }
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
