import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { kubectl } from './kubectl.ts';

/** A kubeconfig file of a service account. */
export interface AccountKubeconfig {
  readonly kubeconfig: string;
  remove(): Promise<void>;
}

/** Writes a kubeconfig with which its reader is a service account that is there. */
export async function accountKubeconfig(
  name: string,
  namespace: string,
): Promise<AccountKubeconfig> {
  const config = await accountConfig(name, namespace);
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-account-'));
  const kubeconfig = join(folder, 'config');
  await writeFile(kubeconfig, config);
  return { kubeconfig, remove: () => rm(folder, { recursive: true }) };
}

/** Text of a kubeconfig with which its reader is a service account that is there, for a day. */
export async function accountConfig(name: string, namespace: string): Promise<string> {
  const flags = ['--namespace', namespace, '--duration', '24h'];
  const token = await kubectl('create', 'token', name, ...flags);
  const view = await kubectl('config', 'view', '--raw', '--minify', '--output', 'json');
  // kubectl wrote it, in the shape of client-go's Config.
  const config = JSON.parse(view) as { users: { user: object }[] };
  const users = config.users.map((entry) => ({ ...entry, user: { token: token.trim() } }));
  return JSON.stringify({ ...config, users });
}
