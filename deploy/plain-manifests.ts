import { text } from 'node:stream/consumers';

import { format, resolveConfig } from 'prettier';
import { type Document, parseAllDocuments } from 'yaml';

// What `helm template` makes of the chart, for those without Helm: nothing says that Helm keeps it.

const FILE = 'deploy/kubernetes/holdfast.yaml';
const HEADER =
  '# Made of deploy/chart with deploy/kubernetes-values.yaml by `make manifests`; change those.\n';
const REMOVED = [
  ['metadata', 'labels', 'helm.sh/chart'],
  ['metadata', 'labels', 'app.kubernetes.io/managed-by'],
  // The configuration of an overlay is another one.
  ['spec', 'template', 'metadata', 'annotations'],
  // Kustomize finds an account, and renames it, where the base names no namespace.
  ['subjects', 0, 'namespace'],
];
const SOURCE = /^# Source: .*\n/gm;

function plain(document: Document): string {
  for (const path of REMOVED.filter((each) => document.hasIn(each))) {
    document.deleteIn(path);
  }
  return document
    .toString({ lineWidth: 0 })
    .replace(SOURCE, '')
    .replace(/\n{2,}/g, '\n');
}

const documents = [...parseAllDocuments(await text(process.stdin))] as Document[];
const config = await resolveConfig(FILE);
const made = HEADER + documents.map(plain).join('');
process.stdout.write(await format(made, { ...config, filepath: FILE }));
