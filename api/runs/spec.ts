import { createHash } from 'node:crypto';

import type { CreateBackupRequest, CreateRestoreRequest } from '../../domain/api-resource.ts';
import {
  ALL_NAMESPACES,
  type BackupSpec,
  DEFAULT_CLUSTER,
  DEFAULT_TTL,
} from '../../domain/backup.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { parseDuration } from '../../domain/duration.ts';
import { Failure, type FieldError } from '../../domain/failure.ts';
import { normalFilters, normalNames } from '../../domain/normal-filters.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import { fieldError } from '../../domain/selection/field-errors.ts';
import { RequestFailure } from '../errors.ts';
import { namespaceErrors, selectionErrors } from './backup-errors.ts';

/** A backup that is kept for less is gone before anybody restores it; 100 years are a date that every reader knows. */
const TTL_MIN = { text: '1m', ms: 60_000 };
const TTL_MAX = { text: '876000h', ms: 876_000 * 3_600_000 };

/** The spec of a new backup with its defaults; equal requests are equal. Throws all that is wrong with one at once. */
export function backupSpec({ spec = {} }: CreateBackupRequest): BackupSpec {
  const ttl = spec.ttl ?? DEFAULT_TTL;
  requireNone([...selectionErrors(spec), ...ttlErrors(ttl)]);
  const { includedNamespaces = [], excludedNamespaces = [] } = spec;
  return {
    cluster: spec.cluster ?? DEFAULT_CLUSTER,
    includedNamespaces: normalNames(
      includedNamespaces.length === 0 ? [ALL_NAMESPACES] : includedNamespaces,
    ),
    excludedNamespaces: normalNames(excludedNamespaces),
    ttl,
    ...normalFilters(spec),
  };
}

/** The spec of a new restore with its defaults. */
export function restoreSpec({ spec }: CreateRestoreRequest): RestoreSpec {
  const namespaceMapping = spec.namespaceMapping ?? {};
  const errors = namespaceErrors(spec);
  const targets = Object.values(namespaceMapping);
  if (new Set(targets).size < targets.length) {
    const what = 'maps two namespaces to one; give each a namespace of its own';
    errors.push(fieldError('/spec/namespaceMapping', what));
  }
  requireNone(errors);
  return {
    cluster: spec.cluster ?? DEFAULT_CLUSTER,
    backupName: spec.backupName,
    includedNamespaces: normalNames(spec.includedNamespaces ?? [ALL_NAMESPACES]),
    excludedNamespaces: normalNames(spec.excludedNamespaces ?? []),
    namespaceMapping,
  };
}

/** Tells a repeated request from another one. */
export function specDigest(spec: BackupSpec | RestoreSpec): string {
  return createHash('sha256').update(canonicalJson(spec)).digest('hex');
}

function ttlErrors(ttl: string): FieldError[] {
  const field = '/spec/ttl';
  try {
    const ttlMs = parseDuration(ttl, field);
    if (ttlMs >= TTL_MIN.ms && ttlMs <= TTL_MAX.ms) {
      return [];
    }
    const what = `must be from ${TTL_MIN.text} to ${TTL_MAX.text}, which are 100 years`;
    return [fieldError(field, what)];
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
