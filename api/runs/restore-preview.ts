import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { API_VERSION, type RestorePreview } from '../../domain/api-resource.ts';
import type {
  PreviewRestoreInput,
  PreviewRestoreResult,
  RestorePlanReport,
} from '../../domain/restore/restore-preview.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import { PREVIEW_RESTORE_WORKFLOW } from '../../workflows/contract.ts';
import { RESTORES } from './kinds.ts';
import { requirePreviewable, type PreviewSources } from './preview-check.ts';
import type { PreviewRuns, PreviewWait } from './preview-runs.ts';
import { SealOpener } from '../../storage/seal-opener.ts';
import { failureOf } from './service.ts';

const decompress = promisify(gunzip);

/** Says what restores would do, were they started now; nothing is kept of it, and only this process can read it. */
export class RestorePreviews {
  readonly #sources: PreviewSources;
  readonly #runs: PreviewRuns;

  constructor(sources: PreviewSources, runs: PreviewRuns) {
    this.#sources = sources;
    this.#runs = runs;
  }

  /** Throws what the open step and the plan refuse, `already-exists`, and what `PreviewRuns` throws. */
  async preview(key: RunKey, spec: RestoreSpec, wait: PreviewWait): Promise<RestorePreview> {
    await requirePreviewable(this.#sources, RESTORES, { key, spec });
    const reader = new SealOpener();
    const input: PreviewRestoreInput = { ...key, spec, publicKey: reader.publicKey };
    const summary = `Plan of restore ${key.name} into cluster ${spec.cluster}`;
    // The contract of the workflow says what it returns.
    const result = (await this.#runs.result({
      ...{ workflow: PREVIEW_RESTORE_WORKFLOW, key, input, summary, wait },
    })) as PreviewRestoreResult;
    if (result.kind === 'refused') {
      throw failureOf(result.failure);
    }
    const text = await decompress(reader.open(Buffer.from(result.sealed, 'base64')));
    return {
      apiVersion: API_VERSION,
      kind: 'RestorePreview',
      metadata: key,
      // The activity `previewRestore` made it, and sealed it for this reader.
      plan: JSON.parse(text.toString('utf8')) as RestorePlanReport,
    };
  }
}
