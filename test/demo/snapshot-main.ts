import { namespaceSnapshot } from '../support/namespace-snapshot.ts';

/** Prints what is in a namespace, one object per line, for `diff`. */
const snapshot = await namespaceSnapshot(process.argv[2] ?? 'default');
for (const [item, content] of Object.entries(snapshot).sort()) {
  process.stdout.write(`${item} ${JSON.stringify(content)}\n`);
}
