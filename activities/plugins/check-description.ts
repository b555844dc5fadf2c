import { createPublicKey } from 'node:crypto';

import { Clean } from 'typebox/value';

import { Failure, type FieldError } from '../../domain/failure.ts';
import { type PluginDescription, PluginDescriptionSchema } from '../../domain/plugins/contract.ts';
import { descriptionErrors } from '../../domain/plugins/description-errors.ts';
import { DESCRIPTION_BYTES_MAX } from '../../domain/plugins/plugin.ts';
import { schemaFault } from '../../domain/plugins/read-answer.ts';
import { fieldError } from '../../domain/selection/field-errors.ts';

/**
 * What a plugin answered to `describePlugin`, without fields that the contract does not have. Throws
 * `plugin-answer-invalid`, which names the plugin and the field.
 */
export function checkedDescription(plugin: string, answer: unknown): PluginDescription {
  requireNone(plugin, shapeErrors(answer));
  // The schema was asked about it; `Clean` takes away what it does not have.
  const description = Clean(PluginDescriptionSchema, structuredClone(answer)) as PluginDescription;
  requireNone(plugin, [...descriptionErrors(description), ...keyErrors(description)]);
  return description;
}

function requireNone(plugin: string, errors: readonly FieldError[]): void {
  const [first] = errors;
  if (first !== undefined) {
    const text = `the description that the plugin ${plugin} gives of itself breaks the contract: ${first.detail}`;
    throw new Failure('plugin-answer-invalid', text, { subject: plugin, errors });
  }
}

function shapeErrors(answer: unknown): FieldError[] {
  const bytes = Buffer.byteLength(JSON.stringify(answer ?? null));
  if (bytes > DESCRIPTION_BYTES_MAX) {
    const most = String(DESCRIPTION_BYTES_MAX);
    return [ofWhole(`has ${String(bytes)} bytes as JSON; ${most} are allowed`)];
  }
  const fault = schemaFault(PluginDescriptionSchema, answer);
  if (fault === undefined) {
    return [];
  }
  return [fault.pointer === '' ? ofWhole(fault.text) : fieldError(fault.pointer, fault.text)];
}

/** The pointer of the whole is empty, and says nothing to people. */
function ofWhole(what: string): FieldError {
  return { ...fieldError('it', what), pointer: '' };
}

function keyErrors({ publicKey }: PluginDescription): FieldError[] {
  return publicKey === undefined || isX25519(publicKey)
    ? []
    : [fieldError('/publicKey', 'must be an X25519 key as SubjectPublicKeyInfo in DER and base64')];
}

function isX25519(text: string): boolean {
  try {
    const key = Buffer.from(text, 'base64');
    return createPublicKey({ key, format: 'der', type: 'spki' }).asymmetricKeyType === 'x25519';
  } catch {
    return false;
  }
}
