/**
 * Mutual TLS in a job's pods: whether it is on, who the holders of certificates are and under which names, and the files
 * that a pod finds. Knows no certificate.
 */
import { GROUP, MOUNTS, ROLE_NAMES, type RoleName, TLS_SECRET_KEYS } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';
import type { Container, Pod, Volume } from '../cluster/objects.ts';
import { certificatesSecretName, serviceName } from './children.ts';
import { isEnabled, type Platform } from './platform.ts';

/**
 * Who holds a certificate of a job. The coordinator's is its own, so that no other pod can pass for the one address that
 * workers know by name; the operator's is not in any pod.
 */
export const HOLDERS = ['coordinator', 'worker', 'operator'] as const;
export type Holder = (typeof HOLDERS)[number];

const VOLUME = 'ppo-tls';
/** Read by the owner and by the pod's group (fsGroup), which is the process's. */
const FILE_MODE = 0o440;

export function usesTls(job: PPOJob, platform: Platform): boolean {
  return isEnabled(job.spec.security.tls.mode, platform);
}

export function holderOf(role: RoleName): Holder {
  return role === 'coordinator' ? 'coordinator' : 'worker';
}

/** What each holder is called: who it is whatever its address, and the names under which clients may dial it. */
export function identityOf(
  job: PPOJob,
  holder: Holder,
): { readonly uri: string; readonly dnsNames: readonly string[] } {
  const { name, namespace } = job.metadata;
  const roles = holder === 'operator' ? [] : ROLE_NAMES.filter((role) => holderOf(role) === holder);
  const dnsNames = roles.flatMap((role) => {
    const service = `${serviceName(name, role)}.${namespace}.svc`;
    // A headless service's name, and its pods' below it.
    return [service, `*.${service}`, `${service}.cluster.local`, `*.${service}.cluster.local`];
  });
  return { uri: `spiffe://${GROUP}/ns/${namespace}/ppojob/${name}/${holder}`, dnsNames };
}

/** Keys of a holder's files in the Secret. */
export function secretKeysOf(holder: Holder): { readonly certificate: string; readonly key: string } {
  return { certificate: `${holder}.crt`, key: `${holder}.key` };
}

/** `pod`, of one role, with that role's certificate mounted into every container; unchanged where TLS is off. */
export function addTls(pod: Pod, job: PPOJob, o: { readonly role: RoleName; readonly platform: Platform }): Pod {
  if (!usesTls(job, o.platform)) return pod;
  const keys = secretKeysOf(holderOf(o.role));
  const volume: Volume = {
    name: VOLUME,
    secret: {
      secretName: certificatesSecretName(job.metadata.name),
      defaultMode: FILE_MODE,
      items: [
        { key: TLS_SECRET_KEYS.ca, path: 'ca.crt' },
        { key: keys.certificate, path: 'tls.crt' },
        { key: keys.key, path: 'tls.key' },
      ],
    },
  };
  const mount = (container: Container): Container => ({
    ...container,
    env: [...(container.env ?? []), { name: 'PPO_TLS_DIR', value: MOUNTS.tls }],
    volumeMounts: [...(container.volumeMounts ?? []), { name: VOLUME, mountPath: MOUNTS.tls, readOnly: true }],
  });
  const { initContainers, containers, volumes = [] } = pod.spec;
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...(initContainers && { initContainers: initContainers.map(mount) }),
      containers: containers.map(mount),
      volumes: [...volumes, volume],
    },
  };
}
