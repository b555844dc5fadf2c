import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

import { type Document, parseAllDocuments } from 'yaml';

import { Failure } from '../domain/failure.ts';
import { type Fields, isMapping } from '../domain/fields.ts';

const STANDARD_INPUT = '-';

/** The text of a file, and what to call the file; `-` is the standard input. Throws `invalid-request`. */
export async function readSource(path: string): Promise<{ content: string; source: string }> {
  if (path === STANDARD_INPUT) {
    return { content: await text(process.stdin), source: 'standard input' };
  }
  try {
    return { content: await readFile(path, 'utf8'), source: path };
  } catch (error) {
    throw unusable(path, ['cannot be read; name a file that is there, or "-"'], error);
  }
}

/** The one object that a YAML or JSON text holds. Throws `invalid-request`, which names the line of a mistake. */
export function parseObject(content: string, source: string): Fields {
  const documents: Document[] = [...parseAllDocuments(content, { merge: true })];
  const mistake = documents.flatMap(({ errors }) => errors)[0];
  if (mistake !== undefined) {
    // Those after the first mostly follow from it. Of a message, the first line tells where; the others quote the text.
    const what = mistake.message.split('\n')[0]?.replace(/:$/, '') ?? '';
    throw unusable(source, [`is not YAML or JSON: ${what}`], mistake);
  }
  const [object, ...others] = documents
    .map((document) => valueOf(document, source))
    .filter((value) => value !== null);
  if (!isMapping(object)) {
    throw unusable(source, ['holds no object; write one']);
  }
  if (others.length > 0) {
    throw unusable(source, ['holds several documents; write a file for each']);
  }
  return object;
}

/** The failure of a text, with a line for each fault. */
export function unusable(source: string, faults: readonly string[], cause?: unknown): Failure {
  const message = faults.map((fault) => `${source} ${fault}`).join('\n');
  return new Failure('invalid-request', message, { subject: source, cause });
}

function valueOf(document: Document, source: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw unusable(source, ['has aliases that cannot be followed; write their values out'], error);
  }
}
