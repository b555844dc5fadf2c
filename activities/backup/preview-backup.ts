import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { NoteTaker } from '../../domain/backup-notes.ts';
import { coverageReport } from '../../domain/coverage-report.ts';
import type { CoverageReport, PreviewResult } from '../../domain/coverage.ts';
import { Failure } from '../../domain/failure.ts';
import type { PreviewInput } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { buildPlan } from './build-plan.ts';
import { checkRequest, nothingSelected } from './check-request.ts';
import { exportPages } from './export-pages.ts';
import { ProblemList } from './problem-list.ts';
import { relatedPages } from './related-pages.ts';

const compress = promisify(gzip);

/** Characters of a report on its way through Temporal, whose payloads stay under 64 KiB. */
const REPORT_LENGTH_MAX = 60 * 1024;

/** See `ClusterActivities.previewBackup`. */
export function previewBackup(deps: Dependencies, { spec }: PreviewInput): Promise<PreviewResult> {
  return withHeartbeat(async ({ signal, report }) => {
    const check = await checkRequest(deps, spec, signal);
    if (check.kind === 'refused') {
      return check;
    }
    const plan = await buildPlan(deps.cluster, check.request, { signal, isPatient: false });
    const { selection } = plan;
    const notes = new NoteTaker(selection.related.map(({ name }) => name));
    const problems = new ProblemList({ isPatient: false });
    const source = { selection, signal, isMixedAllowed: true, problems, notes };
    const units = plan.shards.flatMap((shard) => shard.units);
    let itemsDone = 0;
    for (const pages of [
      exportPages(deps.cluster, { ...source, units }),
      relatedPages(deps.cluster, source),
    ]) {
      for await (const page of pages) {
        itemsDone += page.length;
        report({ itemsDone, bytesDone: 0 });
      }
    }
    if (itemsDone === 0) {
      return { kind: 'refused', failure: nothingSelected() };
    }
    const noted = notes.notes(problems.all());
    const captured = new Map(
      noted.tallies.map(({ type, apiVersion, kept }) => [
        `${type} ${apiVersion.slice(apiVersion.indexOf('/') + 1)}`,
        kept,
      ]),
    );
    const isByNamespace = true;
    const covered = coverageReport({
      ...{ spec, plan, notes: noted, captured, isByNamespace },
      // What a backup is to copy is not missing from it.
      isCopied: ({ action }) => action === 'fs-backup',
    });
    return { kind: 'covered', report: await packed(covered) };
  });
}

/** The report as it fits into a payload: what is longest goes first, and the counts stay. */
async function packed(report: CoverageReport): Promise<string> {
  for (const shorten of SHORTENINGS) {
    const text = await pack(shorten(report));
    if (text.length <= REPORT_LENGTH_MAX) {
      return text;
    }
  }
  throw new Failure('quota-exceeded', 'the preview is too large to be shown; narrow the request');
}

/** Volumes that a shortened report names. */
const SHORT_VOLUMES = 100;

const SHORTENINGS: readonly ((report: CoverageReport) => CoverageReport)[] = [
  (report) => report,
  withoutNamespaces,
  (report) => ({
    ...withoutNamespaces(report),
    volumes: { ...report.volumes, items: report.volumes.items.slice(0, SHORT_VOLUMES) },
    hooks: report.hooks.slice(0, SHORT_VOLUMES),
  }),
];

function withoutNamespaces(report: CoverageReport): CoverageReport {
  const types = report.types.map((type) => ({ ...type, namespaces: {} }));
  return { ...report, types, isShortened: true };
}

async function pack(report: CoverageReport): Promise<string> {
  return (await compress(JSON.stringify(report))).toString('base64');
}
