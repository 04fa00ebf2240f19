/**
 * One pod from its start to its removal: volumes, sidecars in order, main containers, their end, the sidecars' end, the
 * clean-up. Says when its status has changed; who is told, and what a pod is for, it doesn't know.
 */
import { join } from 'node:path';
import type { Container, ContainerStatus, Pod, PodStatus, Probe } from '../cluster/objects.ts';
import type { ContainerLaunch } from './container.ts';
import { type ContainerProbes, ContainerRunner, type RestartPolicy } from './container-runner.ts';
import { findServiceNames, resolveCommand, resolveEnvironment } from './environment.ts';
import { findTakenPorts } from './network.ts';
import { PodStartError } from './pod-start-error.ts';
import { computePodStatus } from './pod-status.ts';
import type { HttpProbe } from './probes.ts';
import { PodVolumes, type ReadFiles, type VolumeFolders } from './volumes.ts';

const DEFAULT_GRACE_SECONDS = 30;
/** A sidecar's grace when the main containers have used it up. */
const MIN_SIDECAR_GRACE_MS = 1000;

/** What the machine gives a pod. */
export interface PodMachine {
  readonly podIp: string;
  readonly hostIp: string;
  readonly folders: VolumeFolders;
  readonly logDirectory: string;
  /** Where a container without a workingDir runs. */
  readonly workingDirectory: string;
  /** Every container's environment, before its own. */
  readonly environment: Readonly<Record<string, string>>;
  readonly readFiles: ReadFiles;
  readonly resolveNames: (names: readonly string[], signal: AbortSignal) => Promise<ReadonlyMap<string, string>>;
  readonly onChange: () => void;
}

export class PodWorker {
  readonly pod: Pod;
  readonly #machine: PodMachine;
  readonly #startTime = new Date().toISOString();
  readonly #stopping = new AbortController();
  readonly #sidecars: ContainerRunner[] = [];
  readonly #runners = new Map<string, ContainerRunner>();
  #volumes: PodVolumes | null = null;
  #failure: { reason: string; message: string } | null = null;
  #graceEndMs = Number.POSITIVE_INFINITY;
  /** Resolves when every container has ended and the volumes are gone; never rejects. */
  readonly ended: Promise<void>;

  constructor(pod: Pod, machine: PodMachine) {
    this.pod = pod;
    this.#machine = machine;
    this.ended = this.#run();
  }

  /** The status to write over `stored`. */
  status(stored: Pod): PodStatus {
    const statusByContainer = new Map<string, ContainerStatus>();
    for (const [name, runner] of this.#runners) statusByContainer.set(name, runner.status);
    const { podIp, hostIp } = this.#machine;
    const observed = { podIp, hostIp, startTime: this.#startTime, statusByContainer, failure: this.#failure };
    return computePodStatus(stored, observed, new Date().toISOString());
  }

  /** Main containers get the grace, then the sidecars what is left of it. A second call may only shorten it. */
  async terminate(graceMs: number): Promise<void> {
    this.#graceEndMs = Math.min(this.#graceEndMs, Date.now() + graceMs);
    this.#stopping.abort();
    const mains = [...this.#runners.values()].filter((runner) => !this.#sidecars.includes(runner));
    await Promise.all(mains.map((runner) => runner.stop(this.#remainingGraceMs())));
    await this.ended;
  }

  /** Ends all its processes at once. */
  kill(): void {
    this.#graceEndMs = 0;
    this.#stopping.abort();
    for (const runner of this.#runners.values()) runner.kill();
    this.#volumes?.remove();
  }

  async #run(): Promise<void> {
    try {
      await this.#start();
      await Promise.all([...this.#runners.values()].filter((r) => !this.#sidecars.includes(r)).map((r) => r.ended));
    } catch (error) {
      this.#failure = {
        reason: error instanceof PodStartError ? 'CreateContainerError' : 'KubeletError',
        message: error instanceof Error ? error.message : String(error),
      };
    }
    for (const sidecar of this.#sidecars.toReversed()) {
      await sidecar.stop(Math.max(MIN_SIDECAR_GRACE_MS, this.#remainingGraceMs()));
    }
    this.#volumes?.remove();
    this.#machine.onChange();
  }

  async #start(): Promise<void> {
    const { pod } = this;
    const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
    const { folders, readFiles } = this.#machine;
    const { signal } = this.#stopping;
    this.#volumes = await PodVolumes.prepare(pod, folders, (source) => readFiles(source, signal));
    await this.#checkPorts(containers);
    const namespace = pod.metadata.namespace ?? 'default';
    const names = [...new Set(containers.flatMap((container) => findServiceNames(container, namespace)))];
    const addressByService = await this.#machine.resolveNames(names, signal);
    for (const container of pod.spec.initContainers ?? []) {
      if (signal.aborted) return;
      if (!(await this.#startInit(container, addressByService))) return;
    }
    for (const container of pod.spec.containers) {
      if (!signal.aborted) this.#startContainer(container, this.#restartPolicy(), addressByService);
    }
  }

  /** False when an init container failed for good. */
  async #startInit(container: Container, addressByService: ReadonlyMap<string, string>): Promise<boolean> {
    if (container.restartPolicy === 'Always') {
      const sidecar = this.#startContainer(container, 'Always', addressByService);
      this.#sidecars.push(sidecar);
      await Promise.race([sidecar.started, aborted(this.#stopping.signal)]);
      return true;
    }
    const policy = this.#restartPolicy() === 'Never' ? 'Never' : 'OnFailure';
    const exit = await this.#startContainer(container, policy, addressByService).ended;
    return exit?.exitCode === 0;
  }

  #startContainer(
    container: Container,
    restartPolicy: RestartPolicy,
    addressByService: ReadonlyMap<string, string>,
  ): ContainerRunner {
    const runner = new ContainerRunner({
      name: container.name,
      image: container.image,
      launch: this.#buildLaunch(container, addressByService),
      probes: this.#buildProbes(container),
      restartPolicy,
      graceMs: (container.livenessProbe?.terminationGracePeriodSeconds ?? this.#specGraceSeconds()) * 1000,
      onChange: () => this.#machine.onChange(),
    });
    this.#runners.set(container.name, runner);
    this.#machine.onChange();
    return runner;
  }

  #buildLaunch(container: Container, addressByService: ReadonlyMap<string, string>): ContainerLaunch {
    const machine = this.#machine;
    const mounts = this.#volumes?.mounts(container) ?? [];
    const { podIp, hostIp, environment: inherited } = machine;
    const context = { pod: this.pod, podIp, hostIp, mounts, addressByService, inherited };
    const environment = resolveEnvironment(container, context);
    return {
      command: resolveCommand(container, environment, context),
      env: { ...machine.environment, ...environment },
      cwd: container.workingDir ?? machine.workingDirectory,
      logPath: join(machine.logDirectory, `${this.pod.metadata.name}-${container.name}.log`),
    };
  }

  #buildProbes(container: Container): ContainerProbes {
    const build = (kind: string, probe: Probe | undefined): HttpProbe | null =>
      probe === undefined ? null : buildHttpProbe({ kind, probe, container, host: this.#machine.podIp });
    return {
      startup: build('startup', container.startupProbe),
      readiness: build('readiness', container.readinessProbe),
      liveness: build('liveness', container.livenessProbe),
    };
  }

  async #checkPorts(containers: readonly Container[]): Promise<void> {
    const ports = containers.flatMap((container) => (container.ports ?? []).map((port) => port.containerPort));
    const taken = await findTakenPorts(this.#machine.podIp, ports);
    if (taken.length > 0) {
      throw new PodStartError(
        `port ${taken.join(', ')} of ${this.#machine.podIp} is taken: another program listens on every address; stop it, or let it listen on 127.0.0.1 alone`,
      );
    }
  }

  #restartPolicy(): RestartPolicy {
    return this.pod.spec.restartPolicy ?? 'Always';
  }

  #specGraceSeconds(): number {
    return this.pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  }

  #remainingGraceMs(): number {
    return Math.min(this.#specGraceSeconds() * 1000, Math.max(0, this.#graceEndMs - Date.now()));
  }
}

interface ProbeSource {
  readonly kind: string;
  readonly probe: Probe;
  readonly container: Container;
  readonly host: string;
}

/** Kubernetes' defaults filled in. Throws PodStartError for a probe that isn't HTTP. */
export function buildHttpProbe({ kind, probe, container, host }: ProbeSource): HttpProbe {
  const target = probe.httpGet?.port;
  const port = typeof target === 'string' ? container.ports?.find((p) => p.name === target)?.containerPort : target;
  if (probe.httpGet === undefined || port === undefined) {
    throw new PodStartError(`the ${kind} probe of container ${container.name} isn't an HTTP GET on one of its ports`);
  }
  return {
    host,
    port,
    path: probe.httpGet.path,
    initialDelaySeconds: probe.initialDelaySeconds ?? 0,
    periodSeconds: probe.periodSeconds ?? 10,
    timeoutSeconds: probe.timeoutSeconds ?? 1,
    successThreshold: probe.successThreshold ?? 1,
    failureThreshold: probe.failureThreshold ?? 3,
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
