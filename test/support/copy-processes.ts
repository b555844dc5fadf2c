import { readdir, readFile } from 'node:fs/promises';

/** Process ids of restic that run for a copy on this machine. */
export async function copyProcesses(key: string): Promise<number[]> {
  const pids: number[] = [];
  for (const name of await readdir('/proc')) {
    const read = (file: string): Promise<string> =>
      readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '');
    if (
      /^\d+$/.test(name) &&
      (await read('environ')).split('\0').includes(`HOLDFAST_COPY=${key}`)
    ) {
      pids.push(Number(name));
    }
  }
  return pids;
}

/** What there is to see of a process: its arguments and its environment. */
export async function seenOf(pid: number): Promise<string> {
  const files = await Promise.all(
    ['cmdline', 'environ'].map((file) => readFile(`/proc/${String(pid)}/${file}`, 'utf8')),
  );
  return files.join('\n');
}
