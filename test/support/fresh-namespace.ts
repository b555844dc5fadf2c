import { kubectl } from './kubectl.ts';

let namespaces = 0;

/** Creates a namespace that no other test has. */
export async function freshNamespace(prefix: string): Promise<string> {
  const name = `${prefix}-${String(process.pid)}-${String(namespaces++)}`;
  await kubectl('create', 'namespace', name);
  return name;
}
