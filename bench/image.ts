import { applyYaml } from '../test/support/applied-yaml.ts';
import { freshNamespace } from '../test/support/fresh-namespace.ts';
import { holdfastImage } from '../test/support/holdfast-image.ts';
import { deleteNamespace, kubectl } from '../test/support/kubectl.ts';
import type { Result } from './results.ts';

const RUNS = 5;
const BYTES_PER_MB = 1e6;
/** The image by the programs that it cannot do without. */
const SIZE_RATIO_MAX = 3;
/** A start by that of Node with the packages that the process cannot do without. */
const START_RATIO_MAX = 3;
/** Milliseconds until a process has written a line with a word, and is ended; both are the arguments of the script. */
const TIME_UNTIL = `
began=$(date +%s%N)
coproc { exec $2 2>&1; }
while read -r line <&"\${COPROC[0]}"; do
  [[ $line != *"$1"* ]] || break
done
echo $((($(date +%s%N) - began) / 1000000))
kill "$COPROC_PID" 2>/dev/null || true
`;
interface Start {
  readonly command: string;
  /** What the process says when it serves. */
  readonly says: string;
  readonly packages: readonly string[];
}

const WORKER = {
  says: 'worker ready',
  packages: ['@temporalio/worker', '@kubernetes/client-node', '@aws-sdk/client-s3'],
};
const STARTS: Readonly<Record<string, Start>> = {
  api: {
    ...{ command: 'node api/server.ts', says: 'Server listening' },
    packages: ['@temporalio/client', '@kubernetes/client-node', '@aws-sdk/client-s3', 'fastify'],
  },
  'workflow-worker': { ...WORKER, command: 'node worker/main.ts --role workflow' },
  'cluster-worker': { ...WORKER, command: 'node worker/main.ts --role cluster' },
};

/** Size of the image, and how long its processes take to serve, in a pod of the test bed. */
export async function image(): Promise<Result[]> {
  const namespace = await freshNamespace('bench-image');
  try {
    await startPod(namespace, await holdfastImage());
    const inPod = (...command: string[]): Promise<string> =>
      kubectl('-n', namespace, 'exec', 'image', '--', ...command);
    const timeOf = async (command: string, says: string): Promise<number> => {
      const times: number[] = [];
      for (let run = 0; run < RUNS; run++) {
        times.push(Number(await inPod('bash', '-c', TIME_UNTIL, 'time-until', says, command)));
      }
      return times.sort((left, right) => left - right)[Math.floor(RUNS / 2)] ?? 0;
    };
    const results = [await sizeOf(inPod)];
    for (const [name, { command, says, packages }] of Object.entries(STARTS)) {
      const raw = await timeOf(`node --eval ${importing(packages)}`, 'loaded');
      const ms = await timeOf(command, says);
      const ratio = ms / raw;
      results.push({
        ...{ name: `image-start-${name}`, value: ms / 1000, unit: 's', ratio },
        against: `Node with ${packages.join(', ')}, in the same pod`,
        target: `at most ${String(START_RATIO_MAX)} times`,
        isMet: ratio <= START_RATIO_MAX,
      });
    }
    return results;
  } finally {
    await deleteNamespace(namespace);
  }
}

/** A program without blanks, since the script takes words. */
function importing(packages: readonly string[]): string {
  const imports = packages.map((name) => `import("${name}")`).join(',');
  return `Promise.all([${imports}]).then(()=>console.log("loaded"))`;
}

async function startPod(namespace: string, name: string): Promise<void> {
  const container = {
    ...{ name: 'main', image: name, command: ['sleep', '3600'] },
    env: [
      { name: 'TEMPORAL_ADDRESS', value: process.env['HOLDFAST_POD_TEMPORAL_ADDRESS'] },
      { name: 'HOLDFAST_NAMESPACE', value: namespace },
    ],
  };
  const pod = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name: 'image' } },
    spec: { terminationGracePeriodSeconds: 0, containers: [container] },
  };
  await applyYaml(JSON.stringify(pod));
  await kubectl('-n', namespace, 'wait', '--for=condition=Ready', 'pod/image', '--timeout=60s');
}

/** Unpacked, as a node keeps it. */
async function sizeOf(inPod: (...command: string[]) => Promise<string>): Promise<Result> {
  const bytesOf = async (...paths: string[]): Promise<number> => {
    const script = 'du --summarize --total --one-file-system --bytes "$@" 2>/dev/null | tail -n 1';
    return Number.parseInt(await inPod('bash', '-c', script, 'size', ...paths), 10);
  };
  const [whole, programs] = await Promise.all([
    bytesOf('/'),
    bytesOf('/usr/local/bin/node', '/usr/local/bin/restic'),
  ]);
  const ratio = whole / programs;
  return {
    ...{ name: 'image-size', value: whole / BYTES_PER_MB, unit: 'MB', ratio },
    against: 'Node and restic alone',
    target: `at most ${String(SIZE_RATIO_MAX)} times`,
    isMet: ratio <= SIZE_RATIO_MAX,
  };
}
