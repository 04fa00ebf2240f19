/**
 * The plugin from its words to its exit code: arguments, connection, command, and every error as a sentence. A table of
 * contents; what commands do lies in the files that it names.
 */
import { systemClock } from '../cluster/clock.ts';
import { ClusterError } from '../cluster/errors.ts';
import { KubernetesCluster } from '../cluster/kubernetes-cluster.ts';
import { KubernetesCredentials } from '../cluster/kubernetes-credentials.ts';
import { KubernetesPodAccess } from '../cluster/pod-access.ts';
import { type Invocation, parseArguments } from './arguments.ts';
import { explainFailure } from './commands/explain-failure.ts';
import { logs } from './commands/logs.ts';
import { status } from './commands/status.ts';
import { PLUGIN_MANAGER, resume, scale, suspend } from './commands/steer.ts';
import { top } from './commands/top.ts';
import { version } from './commands/version.ts';
import { complete } from './completion.ts';
import { listJobs } from './find-job.ts';
import type { CommandName, Flags } from './flags.ts';
import { HELP, HELP_OF } from './help.ts';
import { EXIT, type Output, type Session, UserError } from './session.ts';

type Command = (session: Session, invocation: Invocation) => Promise<number>;

const COMMANDS: Readonly<Record<CommandName, Command>> = {
  ...{ status, logs, top, 'explain-failure': explainFailure, suspend, resume, scale, version },
};

/** Whoever presses Tab waits no longer. */
const COMPLETION_TIMEOUT_SECONDS = 5;

export interface PluginOptions {
  /** Without the interpreter and the script. */
  readonly args: readonly string[];
  readonly output: Output;
  /** The user has had enough. */
  readonly signal: AbortSignal;
  readonly kubeconfigs: readonly string[];
}

/** The exit code. Never rejects but for faults of the plugin itself. */
export async function runPlugin({ args, output, signal, kubeconfigs }: PluginOptions): Promise<number> {
  const parsed = parseArguments(args);
  if (parsed.kind === 'help') {
    output.print((parsed.command === null ? HELP : HELP_OF[parsed.command]).trimEnd());
    return EXIT.done;
  }
  if (parsed.kind === 'wrong') {
    const help = parsed.command === null ? 'kubectl ppo --help' : `kubectl ppo ${parsed.command} --help`;
    output.note([...parsed.problems, `see ${help}`].join('\n'));
    return EXIT.wrong;
  }
  const { command, flags } = parsed.run;
  const code = await explainErrors(output, () =>
    withConnection({ ...flags, kubeconfigs }, (connection) =>
      COMMANDS[command]({ ...connection, output, signal }, parsed.run),
    ),
  );
  return signal.aborted ? EXIT.interrupted : code;
}

/** What kubectl_complete-ppo prints. A cluster that can't be asked has no names to propose. */
export async function runCompletion(words: readonly string[], flags: ConnectionFlags): Promise<string> {
  const requestTimeoutSeconds = flags.requestTimeoutSeconds ?? COMPLETION_TIMEOUT_SECONDS;
  return complete(words, async (namespace) => {
    try {
      return await withConnection({ ...flags, namespace, requestTimeoutSeconds }, async (place) =>
        (await listJobs(place)).map(({ metadata }) => metadata.name),
      );
    } catch {
      return [];
    }
  });
}

/** What is asked for, and the files that KUBECONFIG names. */
type ConnectionFlags = Flags & Pick<PluginOptions, 'kubeconfigs'>;
type Connection = Omit<Session, 'output' | 'signal'>;

async function withConnection<T>(flags: ConnectionFlags, run: (connection: Connection) => Promise<T>): Promise<T> {
  const credentials = loadCredentials(flags);
  const { requestTimeoutSeconds } = flags;
  const deadline = requestTimeoutSeconds === null ? {} : { deadlineMs: 1000 * requestTimeoutSeconds };
  const cluster = new KubernetesCluster({ credentials, userAgent: PLUGIN_MANAGER, ...deadline });
  try {
    return await run({
      cluster,
      pods: new KubernetesPodAccess(cluster.transport, PLUGIN_MANAGER),
      namespace: flags.namespace ?? credentials.namespace,
      clock: systemClock,
      ask: (path) => cluster.transport.request({ method: 'GET', path, subject: { title: path, name: null } }),
    });
  } finally {
    await cluster.close();
  }
}

function loadCredentials(flags: ConnectionFlags): KubernetesCredentials {
  const { kubeconfig, kubeconfigs, context, cluster, user, server, as, asGroups } = flags;
  const options = {
    kubeconfigs,
    ...(kubeconfig !== null && { kubeconfig }),
    ...(context !== null && { context }),
    ...(cluster !== null && { cluster }),
    ...(user !== null && { user }),
    ...(server !== null && { server }),
    ...(as !== null && { impersonation: { user: as, groups: asGroups } }),
  };
  try {
    return KubernetesCredentials.load(options, systemClock);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new UserError(`the kubeconfig can't be used: ${cause}`, { cause: error });
  }
}

async function explainErrors(output: Output, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    const sentence = sentenceOf(error);
    if (sentence === null) throw error;
    output.note(sentence);
    return EXIT.refused;
  }
}

/** Null for a fault of the plugin itself. */
function sentenceOf(error: unknown): string | null {
  if (error instanceof UserError) return error.message;
  if (!(error instanceof ClusterError)) return null;
  if (error.code === 'Forbidden') return `the cluster does not let you: ${error.message}`;
  if (error.code === 'Unavailable') return `the API server does not answer: ${error.message}`;
  return error.message;
}
