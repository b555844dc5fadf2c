import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';
/** Bytes of a key, as Standard Webhooks has it. */
const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;

interface Signed {
  readonly id: string;
  readonly timestampSeconds: number;
  readonly body: string;
}

/** Keys from their text, separated by white space: `whsec_…`; undefined where one of them is none. */
export function parseSigningKeys(text: string): readonly Buffer[] | undefined {
  const keys = text.split(/\s+/).filter((word) => word !== '');
  const parsed = keys.map((key) => Buffer.from(key.slice(PREFIX.length), 'base64'));
  const isFine = parsed.every(
    ({ length }, index) =>
      keys[index]?.startsWith(PREFIX) === true &&
      length >= KEY_BYTES_MIN &&
      length <= KEY_BYTES_MAX,
  );
  return isFine && parsed.length > 0 ? parsed : undefined;
}

/** The headers of Standard Webhooks: a signature for each key, so that a receiver may change to the next at any time. */
export function webhookHeaders(
  { id, timestampSeconds, body }: Signed,
  keys: readonly Buffer[],
): Readonly<Record<string, string>> {
  const content = `${id}.${String(timestampSeconds)}.${body}`;
  const signatures = keys.map(
    (key) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`,
  );
  return {
    ...{ 'webhook-id': id, 'webhook-timestamp': String(timestampSeconds) },
    ...(keys.length === 0 ? {} : { 'webhook-signature': signatures.join(' ') }),
  };
}
