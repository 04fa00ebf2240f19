/** The texts of --help. Knows no behaviour. */
import type { CommandName } from './flags.ts';

const COMMON = `
  -n, --namespace NAME    default: the kubeconfig's, or default
      --kubeconfig FILE   default: KUBECONFIG, then ~/.kube/config
      --context NAME      of the kubeconfig; default: its current one
      --cluster NAME      of the kubeconfig, instead of the context's
      --user NAME         of the kubeconfig, instead of the context's
  -s, --server URL        of the API server, instead of the cluster's
      --as NAME           act on behalf of this user, if you may
      --as-group NAME     and of this group; may be repeated
      --request-timeout TIME
                          of each request, such as 5s; default: 30s
  -h, --help
`;

const EXIT_CODES =
  'Exit code: 0 done, 1 refused by the cluster or the job failed, 2 the command line is wrong, 130 interrupted.';

export const HELP = `Watches and steers PPOJobs.

  kubectl ppo COMMAND [NAME] [flags]

  status [NAME]           show the state of a job, live on a terminal; without a name: list all jobs
  logs NAME               show the logs of all pods of a job, merged
  top NAME                show what the pods of a job use, and how fast they are
  explain-failure NAME    explain why a job failed, restarts or does not start, and what to do
  suspend NAME            remove the pods of a job; its checkpoints stay
  resume NAME             continue a suspended job
  scale NAME              set the number of generation pods
  version                 show the versions of the plugin, the operator and the cluster
${COMMON}
kubectl ppo COMMAND --help says more. ${EXIT_CODES}
`;

const STATUS = `Shows the state of a PPOJob: progress, scores, pods, events. On a terminal it follows the job until it ends; otherwise it
shows the job once. Without a name it lists all jobs of the namespace.

  kubectl ppo status                     # all jobs of the namespace
  kubectl ppo status arithmetic          # live; Ctrl-C leaves the job as it is
  kubectl ppo status arithmetic --once   # as it is now
  kubectl ppo status arithmetic -w | tee log

  -w, --watch             follow the job without a terminal too: one line per iteration
      --once              show it once on a terminal too
  -A, --all-namespaces    list the jobs of all namespaces
${COMMON}
The exit code is 1 if a job that is followed fails.
`;

const LOGS = `Shows the logs of all pods of a PPOJob, in the order of time, each line with its pod: those of the workers, unless
--container names another container.

  kubectl ppo logs arithmetic --role actor -f
  kubectl ppo logs arithmetic --role generation --index 1 --previous
  kubectl ppo logs arithmetic --since 10m -o json | jq 'select(.level == "warn")'

      --role NAME         coordinator, actor, critic, generation, reference or reward
      --index N           only this rank or replica of the role
  -c, --container NAME    this container of every pod, such as communicator
  -f, --follow            keep showing new lines, also of pods that are made later; ends with the job
  -p, --previous          of containers that have been restarted: what they wrote before
      --since TIME        only newer lines, such as 30s, 5m or 2h
      --since-time TIME   only lines after a date and time
      --tail N            only the last N lines of each container
  -o, --output FORM       text (default), or json: the lines as they were written, one JSON object each
${COMMON}`;

const TOP = `Shows for each pod of a PPOJob what it uses (CPU and memory by the cluster's metrics server) and how fast it is (from its
own metrics page, fetched through the API server). A note below the table says what could not be read.

  kubectl ppo top arithmetic
${COMMON}`;

const EXPLAIN = `Explains why a PPOJob failed: the condition, the pod's last words, what its exit code means, the events, and what to do.
It also explains jobs that restart, wait for room, or were not accepted.

  kubectl ppo explain-failure arithmetic
${COMMON}`;

const SUSPEND = `Suspends a PPOJob: its pods are removed, its checkpoints stay. kubectl ppo resume continues from the last one.

  kubectl ppo suspend arithmetic
${COMMON}`;

const RESUME = `Resumes a suspended PPOJob from its last checkpoint, or from the start if it has none.

  kubectl ppo resume arithmetic
${COMMON}`;

const SCALE = `Sets the number of generation pods of a PPOJob, also while it runs. This does not affect the results of the job.

  kubectl ppo scale arithmetic --generation 4

      --generation N      from 1 to 1024
${COMMON}`;

const VERSION = `Shows the versions of the plugin, the API server, and the operators found in the cluster.

  kubectl ppo version
${COMMON}`;

export const HELP_OF: Readonly<Record<CommandName, string>> = {
  ...{ status: STATUS, logs: LOGS, top: TOP, 'explain-failure': EXPLAIN },
  ...{ suspend: SUSPEND, resume: RESUME, scale: SCALE, version: VERSION },
};
