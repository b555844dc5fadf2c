import { Failure } from '../../domain/failure.ts';
import { itemText } from '../../domain/item.ts';
import { BoundedOutput } from './bounded-output.ts';
import { refusal, type RefusedAnswer } from './errors.ts';
import { podFault, podItem, podPath } from './pod-fault.ts';
import type { ExecEnd, ExecOptions, ExecTarget } from './port.ts';
import type { ApiRequest, Transport } from './transport.ts';

/**
 * The API server passes version 4 on to the kubelet, and tells what the kubelet refuses as the answer to the request.
 * It translates version 5 itself, and then a container that does not run, a node that does not answer and a program that
 * is not there all come alike: as an internal error in an open stream. What version 5 adds concerns standard input.
 */
const PROTOCOL = 'v4.channel.k8s.io';
/** The first byte of a message says to which of these it belongs. */
const CHANNELS = { stdout: 1, stderr: 2, status: 3 };
const STATUS_BYTES_MAX = 64 * 1024;

/** The status with which a command ends: its exit code, or the reason word of why there is none. */
export type ExecStatus = { readonly exitCode: number } | { readonly reason: string };

/** See `Cluster.exec`. */
export async function execInPod(
  transport: Transport,
  target: ExecTarget,
  { signal, timeoutMs }: ExecOptions,
): Promise<ExecEnd> {
  signal.throwIfAborted();
  const startedMs = performance.now();
  const request = execRequest(target, signal);
  const run = new ExecRun();
  const answer = await transport.openStream(request, PROTOCOL, (message) => {
    run.take(message);
  });
  if (!answer.ok) {
    throw await refusedExec(transport, target, { answer, request });
  }
  const { stream } = answer;
  const timeout = AbortSignal.timeout(timeoutMs);
  const stop = AbortSignal.any([signal, timeout]);
  const end = (): void => {
    stream.end();
  };
  stop.addEventListener('abort', end, { once: true });
  run.onStatus = end;
  if (stop.aborted || run.status !== undefined) {
    end();
  }
  await stream.closed;
  stop.removeEventListener('abort', end);
  const { status } = run;
  if (status !== undefined && 'reason' in status) {
    throw await notStarted(transport, target, { reason: status.reason, request });
  }
  const output = { ...run.output(), durationMs: performance.now() - startedMs };
  if (status !== undefined) {
    return { kind: 'exited', ...status, ...output };
  }
  signal.throwIfAborted();
  if (timeout.aborted) {
    return { kind: 'timed-out', ...output };
  }
  const text = `${request.action}: the connection ended before the command did`;
  throw new Failure('cluster-unreachable', text, { subject: request.subject });
}

/** Reads the status of a command; undefined while it is not whole, or is none. */
export function parseExecStatus(json: string): ExecStatus | undefined {
  const status = parsedStatus(json);
  if (status?.status === 'Success') {
    return { exitCode: 0 };
  }
  if (status?.status !== 'Failure') {
    return undefined;
  }
  const exitCode = exitCodeOf(status);
  return exitCode === undefined ? { reason: status.reason ?? 'no reason' } : { exitCode };
}

function exitCodeOf({ reason, details = {} }: ParsedStatus): number | undefined {
  const { message = '' } = details.causes?.find((cause) => cause.reason === 'ExitCode') ?? {};
  const exitCode = Number.parseInt(message, 10);
  return reason === 'NonZeroExitCode' && Number.isInteger(exitCode) ? exitCode : undefined;
}

interface ParsedStatus {
  readonly status?: string;
  readonly reason?: string;
  readonly details?: { readonly causes?: readonly { reason?: string; message?: string }[] };
}

function parsedStatus(json: string): ParsedStatus | undefined {
  try {
    const value: unknown = JSON.parse(json);
    // Every field of the interface is optional, so any object will do.
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What came of a command so far. */
class ExecRun {
  readonly #stdout = new BoundedOutput();
  readonly #stderr = new BoundedOutput();
  #statusText = '';
  status: ExecStatus | undefined;
  onStatus: (() => void) | undefined;

  take(message: Buffer): void {
    const [channel] = message;
    const content = message.subarray(1);
    if (channel === CHANNELS.stdout) {
      this.#stdout.push(content);
    } else if (channel === CHANNELS.stderr) {
      this.#stderr.push(content);
    } else if (channel === CHANNELS.status && this.#statusText.length < STATUS_BYTES_MAX) {
      this.#statusText += content.toString();
      this.status = parseExecStatus(this.#statusText);
      if (this.status !== undefined) {
        this.onStatus?.();
      }
    }
  }

  output(): { stdout: string; stderr: string; dropped: number } {
    return {
      stdout: this.#stdout.text(),
      stderr: this.#stderr.text(),
      dropped: this.#stdout.dropped + this.#stderr.dropped,
    };
  }
}

/** The command is no part of what failures tell: people write passwords into commands. */
function execRequest({ namespace, pod, container, command }: ExecTarget, signal: AbortSignal) {
  const query = new URLSearchParams({ container, stdout: 'true', stderr: 'true' });
  command.forEach((part) => {
    query.append('command', part);
  });
  const path = `${podPath({ namespace, pod })}/exec?${query.toString()}`;
  const subject = itemText(podItem({ namespace, pod }));
  const action = `run a command in the container ${container} of ${subject}`;
  return { method: 'GET', path, action, subject, signal } satisfies ApiRequest;
}

/** The API server says with one status that there is no such container and that the pod is on no node. */
async function refusedExec(
  transport: Transport,
  target: ExecTarget,
  { answer, request }: { readonly answer: RefusedAnswer; readonly request: ApiRequest },
): Promise<Failure> {
  const refused = refusal(answer, request.action, request.subject);
  const isOfPod = answer.status === 400 || answer.status >= 500;
  return (isOfPod ? await podFault(transport, target, request) : undefined) ?? refused;
}

/** The runtime did not run the command; what it says may quote the command. */
async function notStarted(
  transport: Transport,
  target: ExecTarget,
  { reason, request }: { readonly reason: string; readonly request: ApiRequest },
): Promise<Failure> {
  const text = `${request.action}: it cannot be started (${reason}); see that the container has the program`;
  return (
    (await podFault(transport, target, request)) ??
    new Failure('command-not-started', text, { subject: request.subject })
  );
}
