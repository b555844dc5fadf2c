import { createHash } from 'node:crypto';

import type { CreateBackupRequest, CreateRestoreRequest } from '../../domain/api-resource.ts';
import {
  ALL_NAMESPACES,
  type BackupSpec,
  DEFAULT_ITEM_OPERATION_TIMEOUT,
  DEFAULT_TTL,
} from '../../domain/backup.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { metadataErrors, notedMetadata } from '../../domain/run-metadata.ts';
import { durationMs, parseDuration } from '../../domain/duration.ts';
import { Failure, type FieldError } from '../../domain/failure.ts';
import { backupHookErrors, restoreHookErrors } from '../../domain/hooks/hook-spec-errors.ts';
import { hooksField } from '../../domain/hooks/normal-hooks.ts';
import { normalFilters, normalNames } from '../../domain/normal-filters.ts';
import { priorityErrors } from '../../domain/restore/restore-priorities.ts';
import { sourceErrors, sourceFields } from '../../domain/restore/restore-source.ts';
import {
  DEFAULT_RESOURCE_TIMEOUT,
  type RestoreSpec,
  type RestoreStatusSpec,
} from '../../domain/restore.ts';
import { memberPointer } from '../../domain/json-pointer.ts';
import { fieldError } from '../../domain/selection/field-errors.ts';
import { RequestFailure } from '../errors.ts';
import { selectionErrors } from './backup-errors.ts';

/** A backup that is kept for less is gone before anybody restores it; 100 years are a date that every reader knows. */
const TTL_MIN = { text: '1m', ms: 60_000 };
const TTL_MAX = { text: '876000h, which are 100 years', ms: 876_000 * 3_600_000 };
const TTL = { field: '/spec/ttl', min: TTL_MIN, max: TTL_MAX };
/** A restore that waits for one thing for longer than a day is one that nobody looks after. */
const RESOURCE_TIMEOUT = {
  field: '/spec/resourceTimeout',
  min: { text: '1s', ms: 1000 },
  max: { text: '24h', ms: 24 * 3_600_000 },
};

/** As long as an operation may take, and nobody waits for ever. */
const ITEM_OPERATION_TIMEOUT = {
  field: '/spec/itemOperationTimeout',
  min: { text: '1s', ms: 1000 },
  max: { text: '720h', ms: 720 * 3_600_000 },
};

/**
 * The spec of a new backup with its defaults, of the API's own cluster where it names none; equal requests are equal. Throws
 * all that is wrong with one at once.
 */
export function backupSpec(
  { metadata, spec = {} }: CreateBackupRequest,
  ownCluster: string,
): BackupSpec {
  const ttl = spec.ttl ?? DEFAULT_TTL;
  requireNone([
    ...metadataErrors(metadata),
    ...selectionErrors(spec),
    ...durationErrors(ttl, TTL),
    ...durationErrors(
      spec.itemOperationTimeout ?? DEFAULT_ITEM_OPERATION_TIMEOUT,
      ITEM_OPERATION_TIMEOUT,
    ),
    ...backupHookErrors(spec.hooks),
  ]);
  const { includedNamespaces = [], excludedNamespaces = [] } = spec;
  return {
    cluster: spec.cluster ?? ownCluster,
    includedNamespaces: normalNames(
      includedNamespaces.length === 0 ? [ALL_NAMESPACES] : includedNamespaces,
    ),
    excludedNamespaces: normalNames(excludedNamespaces),
    ttl,
    ...normalFilters(spec),
    ...operationTimeout(spec),
    ...hooksField(spec.hooks),
    ...notedMetadata(metadata),
  };
}

/** One that is the default is not told, so that equal requests are equal. */
function operationTimeout({
  itemOperationTimeout = DEFAULT_ITEM_OPERATION_TIMEOUT,
}: Pick<BackupSpec, 'itemOperationTimeout'>): Pick<BackupSpec, 'itemOperationTimeout'> {
  const isDefault = durationMs(itemOperationTimeout) === durationMs(DEFAULT_ITEM_OPERATION_TIMEOUT);
  return isDefault ? {} : { itemOperationTimeout };
}

/**
 * The spec of a new restore with its defaults, into the API's own cluster where it names none; `completeRestoreSpec` adds
 * what the request alone does not tell.
 */
export function restoreSpec(
  { metadata, spec }: CreateRestoreRequest,
  ownCluster: string,
): RestoreSpec {
  const namespaceMapping = spec.namespaceMapping ?? {};
  const { includedNamespaces = [] } = spec;
  const priorities = spec.restoreResourcePriorities ?? '';
  const errors = [
    ...metadataErrors(metadata),
    ...sourceErrors(spec),
    ...selectionErrors(spec),
    ...priorityErrors(priorities, '/spec/restoreResourcePriorities'),
    ...timeoutErrors(spec),
  ];
  const targets = Object.values(namespaceMapping);
  if (new Set(targets).size < targets.length) {
    const what = 'maps two namespaces to one; give each a namespace of its own';
    errors.push(fieldError('/spec/namespaceMapping', what));
  }
  errors.push(...mappingErrors(spec), ...restoreHookErrors(spec.hooks));
  requireNone(errors);
  return {
    cluster: spec.cluster ?? ownCluster,
    ...sourceFields(spec),
    includedNamespaces: normalNames(
      includedNamespaces.length === 0 ? [ALL_NAMESPACES] : includedNamespaces,
    ),
    excludedNamespaces: normalNames(spec.excludedNamespaces ?? []),
    namespaceMapping,
    ...normalFilters(spec),
    ...hooksField(spec.hooks),
    ...(priorities.trim() === '' ? {} : { restoreResourcePriorities: priorities }),
    ...ruleFields(spec),
    ...applyFields(spec),
    ...operationTimeout(spec),
    ...notedMetadata(metadata),
  };
}

function timeoutErrors({
  resourceTimeout = DEFAULT_RESOURCE_TIMEOUT,
  itemOperationTimeout = DEFAULT_ITEM_OPERATION_TIMEOUT,
}: CreateRestoreRequest['spec']): FieldError[] {
  return [
    ...durationErrors(resourceTimeout, RESOURCE_TIMEOUT),
    ...durationErrors(itemOperationTimeout, ITEM_OPERATION_TIMEOUT),
  ];
}

/** A part of nothing stands nowhere, and nothing stands for no class and no image. */
function mappingErrors(spec: CreateRestoreRequest['spec']): FieldError[] {
  return (['storageClassMapping', 'imageMapping'] as const).flatMap((field) =>
    Object.entries(spec[field] ?? {})
      .filter((pair) => pair.some((side) => side.trim() === ''))
      .map(([from]) =>
        fieldError(memberPointer(`/spec/${field}`, from), 'must have a name on either side'),
      ),
  );
}

/** What a restore changes, so that equal requests are equal. An empty mapping is one: it keeps ConfigMaps from counting. */
function ruleFields({
  storageClassMapping,
  imageMapping,
  restoreStatus,
  preserveNodePorts = false,
}: CreateRestoreRequest['spec']): Partial<RestoreSpec> {
  return {
    ...(storageClassMapping === undefined ? {} : { storageClassMapping }),
    ...(imageMapping === undefined ? {} : { imageMapping }),
    ...(restoreStatus === undefined ? {} : { restoreStatus: normalStatus(restoreStatus) }),
    ...(preserveNodePorts ? { preserveNodePorts } : {}),
  };
}

function normalStatus({
  includedResources = [],
  excludedResources = [],
}: RestoreStatusSpec): RestoreStatusSpec {
  return {
    ...(includedResources.length === 0
      ? {}
      : { includedResources: normalNames(includedResources) }),
    ...(excludedResources.length === 0
      ? {}
      : { excludedResources: normalNames(excludedResources) }),
  };
}

/** What differs from the defaults, so that a request that names a default is the same as one that does not. */
function applyFields({
  existingResourcePolicy = 'none',
  resourceTimeout = DEFAULT_RESOURCE_TIMEOUT,
  planDigest,
  resourceModifier,
}: CreateRestoreRequest['spec']): Partial<RestoreSpec> {
  const timeoutMs = parseDuration(resourceTimeout, 'spec.resourceTimeout');
  const isDefault = timeoutMs === parseDuration(DEFAULT_RESOURCE_TIMEOUT, 'spec.resourceTimeout');
  return {
    ...(existingResourcePolicy === 'none' ? {} : { existingResourcePolicy }),
    ...(isDefault ? {} : { resourceTimeout }),
    ...(planDigest === undefined ? {} : { planDigest }),
    ...(resourceModifier === undefined ? {} : { resourceModifier }),
  };
}

/** Tells a repeated request from another one. Which backup of a schedule was the newest is no part of the request. */
export function specDigest(spec: BackupSpec | RestoreSpec): string {
  const asked = 'scheduleName' in spec ? { ...spec, backupName: '' } : spec;
  return createHash('sha256').update(canonicalJson(asked)).digest('hex');
}

interface DurationLimits {
  readonly field: string;
  readonly min: { readonly text: string; readonly ms: number };
  readonly max: { readonly text: string; readonly ms: number };
}

function durationErrors(text: string, { field, min, max }: DurationLimits): FieldError[] {
  try {
    const ms = parseDuration(text, field);
    return ms >= min.ms && ms <= max.ms
      ? []
      : [fieldError(field, `must be from ${min.text} to ${max.text}`)];
  } catch (error) {
    if (error instanceof Failure) {
      return [{ pointer: field, code: error.code, detail: error.message }];
    }
    throw error;
  }
}

function requireNone(errors: readonly FieldError[]): void {
  if (errors.length > 0) {
    throw new RequestFailure(errors);
  }
}
