import { spawn } from 'node:child_process';

const KUBECTL = 'kubectl';

/** Plain HTTP to an API server, with kubectl's credentials. */
interface Proxy {
  readonly url: string;
  stop(): void;
}

/** Starts `kubectl proxy` on a free port. */
export async function startProxy(kubeconfig?: string): Promise<Proxy> {
  const flags = kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig];
  const child = spawn(KUBECTL, ['proxy', '--port', '0', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new Error(`kubectl proxy ended with status ${String(code)}`));
    });
    child.stdout.on('data', (chunk: Buffer) => {
      const [, found] = /serve on (\S+)/.exec(chunk.toString()) ?? [];
      if (found !== undefined) {
        resolve(found);
      }
    });
  });
  return {
    url: `http://${address}`,
    stop: () => {
      child.kill();
    },
  };
}
