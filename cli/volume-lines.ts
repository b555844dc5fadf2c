import type { RunVolume, RunVolumes } from '../domain/api-resource.ts';
import {
  COVERAGE_REASONS,
  type CoverageReason,
  type CoverageReport,
  isGap,
} from '../domain/coverage.ts';
import { volumeName } from '../domain/volumes/volume-name.ts';
import { columnsText } from './columns.ts';
import { copiedText, words } from './coverage-output.ts';
import { sizeText } from '../domain/size-text.ts';
import { span } from './span.ts';

const BAR_WIDTH = 20;

/** How many volumes are done, and how much of their data: `10 of 12 volumes, 5.5 GiB of 8.6 GiB`. */
export function volumesText({ total, done, failed, bytesDone, bytesTotal }: RunVolumes): string {
  const bytes = bytesTotal === undefined ? '' : ` of ${sizeText(bytesTotal)}`;
  return [
    `${String(done)} of ${String(total)} volumes`,
    ...(failed > 0 ? [`${String(failed)} failed`] : []),
    // Nothing is known of their size before the first one is looked at.
    ...(bytesTotal === 0 ? [] : [`${sizeText(bytesDone)}${bytes}`]),
  ].join(', ');
}

/** The volumes that something is done with now, or that are known to wait for something. */
export function volumesUnderWay({ items = [] }: RunVolumes): RunVolume[] {
  return items.filter(
    ({ state, waitingFor }) =>
      state === 'Moving' ||
      state === 'Mounting' ||
      (state === 'Waiting' && waitingFor !== undefined),
  );
}

/** A line with a bar for each volume: name, bar, percent, rate, time left, node, and what is done. */
export function volumeBars(volumes: readonly RunVolume[]): string[] {
  const rows = volumes.map((volume) => [
    volume.name,
    bar(volume),
    percentText(volume) ?? '',
    rateText(volume) ?? '',
    leftText(volume) ?? '',
    volume.node ?? '',
    doingText(volume),
  ]);
  return columnsText(rows).split('\n').slice(0, -1);
}

/** One volume in a line: `shop/data: Copying, 45 % of 3.4 GiB, 39.1 MiB/s, 81s left, node-a`. */
export function volumeLine(volume: RunVolume): string {
  const { bytesTotal = 0 } = volume;
  const percent = percentText(volume);
  const parts = [
    doingText(volume),
    percent === undefined ? undefined : `${percent} of ${sizeText(bytesTotal)}`,
    rateText(volume),
    leftText(volume),
    volume.node,
  ];
  return `${volume.name}: ${parts.filter((part) => part !== undefined).join(', ')}`;
}

/** The volumes of an ended backup that were to be copied: size and proof of each copy, or why there is none. */
export function copiesText({ volumes }: CoverageReport): string {
  const rows = volumes.items
    .filter(({ copy, reason }) => copy !== undefined || isMissing(reason))
    .map((row) => [
      `  ${volumeName(row)}`,
      row.reason === undefined ? copiedText(row) : words(row.reason),
    ]);
  return rows.length === 0 ? '' : `Volumes:\n${columnsText(rows)}`;
}

/** Whether nobody asked for it to be left out; what only a newer API knows is none. */
function isMissing(reason: CoverageReason | undefined): boolean {
  return reason !== undefined && Object.hasOwn(COVERAGE_REASONS, reason) && isGap(reason);
}

/** What keeps a volume says more than what the engine does. */
function doingText({ state, phase, waitingFor }: RunVolume): string {
  return waitingFor === undefined
    ? (phase ?? state)
    : `${sinceText(waitingFor.since)}${waitingFor.failure?.message ?? waitingFor.reason}`;
}

/** The time of day, first, as the end of a line may be cut: `since 10:12:33 UTC: `. */
function sinceText(since: string | undefined): string {
  return since === undefined ? '' : `since ${since.slice(11, 19)} UTC: `;
}

function shareOf({ bytesDone = 0, bytesTotal = 0 }: RunVolume): number | undefined {
  return bytesTotal > 0 ? Math.min(1, bytesDone / bytesTotal) : undefined;
}

function bar(volume: RunVolume): string {
  const full = Math.floor((shareOf(volume) ?? 0) * BAR_WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}]`;
}

function percentText(volume: RunVolume): string | undefined {
  const share = shareOf(volume);
  return share === undefined ? undefined : `${String(Math.floor(100 * share))} %`;
}

function rateText({ bytesPerSecond }: RunVolume): string | undefined {
  return bytesPerSecond === undefined ? undefined : `${sizeText(bytesPerSecond)}/s`;
}

function leftText({ etaSeconds }: RunVolume): string | undefined {
  return etaSeconds === undefined ? undefined : `${span(1000 * etaSeconds)} left`;
}
