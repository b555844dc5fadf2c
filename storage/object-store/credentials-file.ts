import type { S3Credentials } from './s3-credentials.ts';

const TITLE = /^\s*\[([^\]]*)\]/;
const ENTRY = /^\s*([^#;=\s]+)\s*=\s*(.*?)\s*$/;

/** The credentials of a profile of a shared credentials file of AWS; undefined where it has none. */
export function profileOf(file: string, profile: string): S3Credentials | undefined {
  const entries = entriesOf(file, profile);
  const accessKeyId = entries.get('aws_access_key_id');
  const secretAccessKey = entries.get('aws_secret_access_key');
  const sessionToken = entries.get('aws_session_token');
  if (!accessKeyId || !secretAccessKey) {
    return undefined;
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

function entriesOf(file: string, section: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  let at: string | undefined;
  for (const line of file.split(/\r?\n/)) {
    at = TITLE.exec(line)?.[1]?.trim() ?? at;
    const [, name, value] = ENTRY.exec(line) ?? [];
    if (at === section && name !== undefined && value !== undefined) {
      entries.set(name.toLowerCase(), value);
    }
  }
  return entries;
}
