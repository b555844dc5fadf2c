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
import type { RestoreSpec } from '../../domain/restore.ts';
import { RequestFailure } from '../errors.ts';

/** A backup that is kept for less is gone before anybody restores it; 100 years are a date that every reader knows. */
const TTL_MIN = { text: '1m', ms: 60_000 };
const TTL_MAX = { text: '876000h', ms: 876_000 * 3_600_000 };

/** The spec of a new backup with its defaults; lists in order, so that equal requests are equal. */
export function backupSpec({ spec = {} }: CreateBackupRequest): BackupSpec {
  const ttl = spec.ttl ?? DEFAULT_TTL;
  requireNone([...namespaceErrors(spec), ...ttlErrors(ttl)]);
  return {
    cluster: spec.cluster ?? DEFAULT_CLUSTER,
    includedNamespaces: ordered(spec.includedNamespaces ?? [ALL_NAMESPACES]),
    excludedNamespaces: ordered(spec.excludedNamespaces ?? []),
    ttl,
  };
}

/** The spec of a new restore with its defaults. */
export function restoreSpec({ spec }: CreateRestoreRequest): RestoreSpec {
  const namespaceMapping = spec.namespaceMapping ?? {};
  const errors = namespaceErrors(spec);
  const targets = Object.values(namespaceMapping);
  if (new Set(targets).size < targets.length) {
    const detail = 'maps two namespaces to one; give each a namespace of its own';
    errors.push(problemError('/spec/namespaceMapping', `/spec/namespaceMapping ${detail}`));
  }
  requireNone(errors);
  return {
    cluster: spec.cluster ?? DEFAULT_CLUSTER,
    backupName: spec.backupName,
    includedNamespaces: ordered(spec.includedNamespaces ?? [ALL_NAMESPACES]),
    excludedNamespaces: ordered(spec.excludedNamespaces ?? []),
    namespaceMapping,
  };
}

/** Tells a repeated request from another one. */
export function specDigest(spec: BackupSpec | RestoreSpec): string {
  return createHash('sha256').update(canonicalJson(spec)).digest('hex');
}

function namespaceErrors(
  spec: Partial<Pick<BackupSpec, 'includedNamespaces' | 'excludedNamespaces'>>,
): FieldError[] {
  const { includedNamespaces = [], excludedNamespaces = [] } = spec;
  const errors: FieldError[] = [];
  if (includedNamespaces.includes(ALL_NAMESPACES) && new Set(includedNamespaces).size > 1) {
    const detail = 'has "*" beside names; use "*" alone, or names alone';
    errors.push(problemError('/spec/includedNamespaces', `/spec/includedNamespaces ${detail}`));
  }
  const both = excludedNamespaces.filter((name) => includedNamespaces.includes(name));
  if (both.length > 0) {
    const detail = `names ${both.join(', ')}, which is included too; name it in one place`;
    errors.push(problemError('/spec/excludedNamespaces', `/spec/excludedNamespaces ${detail}`));
  }
  return errors;
}

function ttlErrors(ttl: string): FieldError[] {
  const field = '/spec/ttl';
  try {
    const ttlMs = parseDuration(ttl, field);
    if (ttlMs >= TTL_MIN.ms && ttlMs <= TTL_MAX.ms) {
      return [];
    }
    const detail = `${field} must be from ${TTL_MIN.text} to ${TTL_MAX.text}, which are 100 years`;
    return [problemError(field, detail)];
  } catch (error) {
    if (error instanceof Failure) {
      return [problemError(field, error.message)];
    }
    throw error;
  }
}

function problemError(pointer: string, detail: string): FieldError {
  return { pointer, code: 'invalid-request', detail };
}

function requireNone(errors: readonly FieldError[]): void {
  if (errors.length > 0) {
    throw new RequestFailure(errors);
  }
}

function ordered(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
