/**
 * A container's command line and environment as a local process gets them: pod fields looked up, `$(NAME)` expanded,
 * mount paths rewritten, service names replaced by pod addresses. Pure; what a variable means it doesn't know.
 */
import type { Container, EnvVar, Pod } from '../cluster/objects.ts';
import { PodStartError } from './pod-start-error.ts';
import { type Mount, rewritePath } from './volumes.ts';

export interface ContainerContext {
  readonly pod: Pod;
  readonly podIp: string;
  readonly hostIp: string;
  readonly mounts: readonly Mount[];
  /** Addresses by service name as it stands in a value, e.g. `a-coordinator.default.svc`. */
  readonly addressByService: ReadonlyMap<string, string>;
  /** What every container inherits: a Secret's value stands there under the name of its variable. */
  readonly inherited: Readonly<Record<string, string>>;
}

const SERVICE_NAME = /\b(?:[a-z0-9-]+\.)?[a-z0-9-]+\.[a-z0-9-]+\.svc(?:\.cluster\.local)?\b/g;

/**
 * The service names that occur in a container's environment and arguments, but those of other namespaces: on this machine
 * there is the job's alone, and what stands elsewhere (a collector) must not be waited for.
 */
export function findServiceNames(container: Container, namespace: string): string[] {
  const texts = [...(container.env ?? []).map((variable) => variable.value ?? ''), ...(container.args ?? [])];
  const names = texts.flatMap((text) => text.match(SERVICE_NAME) ?? []);
  return [...new Set(names.filter((name) => name.replace(/\.svc(\.cluster\.local)?$/, '').endsWith(`.${namespace}`)))];
}

/** The variables in the container's order; a later one may use earlier ones. Throws PodStartError for sources not known here. */
export function resolveEnvironment(container: Container, context: ContainerContext): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const variable of container.env ?? []) {
    const raw = variable.valueFrom ? readSource(variable, context) : expand(variable.value ?? '', environment);
    environment[variable.name] = localize(raw, context);
  }
  return environment;
}

/** The command as this machine starts it: `node` is the running binary. */
export function resolveCommand(
  container: Container,
  environment: Readonly<Record<string, string>>,
  context: ContainerContext,
): string[] {
  if (!container.command?.length) {
    throw new PodStartError(`container ${container.name} has no command; without its image there is none to run`);
  }
  const [file, ...rest] = [...container.command, ...(container.args ?? [])].map((part) =>
    localize(expand(part, environment), context),
  );
  return [file === 'node' ? process.execPath : (file ?? ''), ...rest];
}

function localize(value: string, context: ContainerContext): string {
  return rewritePath(value, context.mounts).replace(SERVICE_NAME, (name) => context.addressByService.get(name) ?? name);
}

/** `$(NAME)` becomes the value of NAME, `$$(NAME)` stays `$(NAME)`, an unknown name stays as it is (Kubernetes' rule). */
function expand(value: string, environment: Readonly<Record<string, string>>): string {
  return value.replace(/\$?\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g, (whole, name: string) =>
    whole.startsWith('$$') ? whole.slice(1) : (environment[name] ?? whole),
  );
}

function readSource(variable: EnvVar, context: ContainerContext): string {
  const secret = variable.valueFrom?.secretKeyRef;
  if (secret !== undefined) return readSecret(variable.name, secret.name, context);
  const path = variable.valueFrom?.fieldRef?.fieldPath;
  const value = path === undefined ? undefined : readField(path, context);
  if (value === undefined) {
    const source = path === undefined ? JSON.stringify(variable.valueFrom) : `field ${path}`;
    throw new PodStartError(`variable ${variable.name} is taken from ${source}, which the local mode doesn't have`);
  }
  return value;
}

/** This machine has no Secrets: whoever starts the job has what is in them in the environment. */
function readSecret(name: string, secret: string, { inherited }: ContainerContext): string {
  const value = inherited[name];
  if (value !== undefined) return value;
  throw new PodStartError(
    `variable ${name} is taken from Secret ${secret}, which this machine doesn't have: export ${name}`,
  );
}

function readField(path: string, { pod, podIp, hostIp }: ContainerContext): string | undefined {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed) return pod.metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? '';
  const fields: Record<string, string> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace ?? 'default',
    'metadata.uid': pod.metadata.uid ?? '',
    'spec.nodeName': pod.spec.nodeName ?? 'local',
    'spec.serviceAccountName': pod.spec.serviceAccountName ?? 'default',
    'status.podIP': podIp,
    'status.hostIP': hostIp,
  };
  return fields[path];
}
