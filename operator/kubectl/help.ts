/** The texts of --help. Knows no behaviour. */
import type { CommandName } from './flags.ts';

const COMMON = `
  -n, --namespace NAME    default: the kubeconfig's, or default
      --kubeconfig FILE   default: KUBECONFIG, then ~/.kube/config
      --context NAME      of the kubeconfig; default: its current one
      --cluster NAME      of the kubeconfig, in place of the context's
      --user NAME         of the kubeconfig, in place of the context's
  -s, --server URL        of the API server, in place of the cluster's
      --as NAME           act on behalf of this user, where you may
      --as-group NAME     and of this group; may be given again
      --request-timeout TIME
                          of each request, such as 5s; default: 30s
  -h, --help
`;

const EXIT_CODES = 'Exit code: 0 done, 1 the cluster or the job says no, 2 the command line is wrong, 130 interrupted.';

export const HELP = `Watches and steers PPOJobs.

  kubectl ppo COMMAND [NAME] [flags]

  status [NAME]           how a job stands, live on a terminal; without a name: all jobs
  logs NAME               what the pods of a job write, merged
  top NAME                what the pods of a job use, and how fast they are
  explain-failure NAME    why a job failed, restarts or does not start, and what to do
  suspend NAME            removes a job's pods; its checkpoint stays
  resume NAME             goes on with a suspended job
  scale NAME              sets the number of generation pods
  version                 of the plugin, the operator and the cluster
${COMMON}
kubectl ppo COMMAND --help says more. ${EXIT_CODES}
`;

const STATUS = `Shows how a PPOJob stands: progress, scores, pods, events. On a terminal it stays and follows the job to its end;
elsewhere it shows the job once. Without a name it lists all jobs of the namespace.

  kubectl ppo status                     # all jobs of the namespace
  kubectl ppo status arithmetic          # live; Ctrl-C leaves the job as it is
  kubectl ppo status arithmetic --once   # as it is now
  kubectl ppo status arithmetic -w | tee log

  -w, --watch             follow the job also where there is no terminal: one line an iteration
      --once              show it once also on a terminal
  -A, --all-namespaces    list the jobs of all namespaces
${COMMON}
A followed job that fails makes exit code 1.
`;

const LOGS = `Shows what all pods of a PPOJob write, in the order of time, each line with its pod. A pod's workers only, unless
--container names another one.

  kubectl ppo logs arithmetic --role actor -f
  kubectl ppo logs arithmetic --role generation --index 1 --previous
  kubectl ppo logs arithmetic --since 10m -o json | jq 'select(.level == "warn")'

      --role NAME         coordinator, actor, critic, generation, reference or reward
      --index N           only this rank or replica of the role
  -c, --container NAME    that container of every pod, such as communicator
  -f, --follow            go on with what they write from now on, also in pods that come later; ends with the job
  -p, --previous          of containers that have been restarted: what they wrote before
      --since TIME        only what is younger, such as 30s, 5m or 2h
      --since-time TIME   only what is younger than a date and time
      --tail N            only the last N lines of each container
  -o, --output FORM       text (default), or json: the lines as they were written, one JSON object each
${COMMON}`;

const TOP = `Shows for each pod of a PPOJob what it uses (CPU and memory by the cluster's metrics server) and how fast it is (from its
own metrics page, fetched through the API server). What can't be had is said below the table.

  kubectl ppo top arithmetic
${COMMON}`;

const EXPLAIN = `Says why a PPOJob failed: the condition, the pod's last words, what its exit code means, the events, and what to do. Also
for a job that restarts, waits for room, or was not accepted.

  kubectl ppo explain-failure arithmetic
${COMMON}`;

const SUSPEND = `Suspends a PPOJob: its pods are removed, its checkpoints stay. kubectl ppo resume goes on from the last one.

  kubectl ppo suspend arithmetic
${COMMON}`;

const RESUME = `Resumes a suspended PPOJob from its last checkpoint, or from the start where it has none.

  kubectl ppo resume arithmetic
${COMMON}`;

const SCALE = `Sets the number of generation pods of a PPOJob, also while it runs. The figures of the job stay the same.

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
