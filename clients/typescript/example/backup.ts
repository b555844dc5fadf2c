import { createBackup, getBackup } from '@holdfast/client';
import { createClient } from '@holdfast/client/client';

// Backs up a namespace and waits for the end: node example/backup.ts URL NAME NAMESPACE [CLUSTER], with the token in
// HOLDFAST_TOKEN.

const [baseUrl = '', name = '', namespace = '', cluster = 'local'] = process.argv.slice(2);
const client = createClient({ baseUrl, auth: () => process.env['HOLDFAST_TOKEN'] });

const { error } = await createBackup({
  client,
  body: { metadata: { name }, spec: { cluster, includedNamespaces: [namespace] } },
});
if (error !== undefined) {
  throw new Error(`${error.code}: ${error.detail}`);
}
for (;;) {
  const { data } = await getBackup({
    client,
    path: { name },
    headers: { Prefer: 'wait=30' },
    throwOnError: true,
  });
  if (data.status.completionTimestamp !== undefined) {
    console.log(data.status.phase);
    break;
  }
}
