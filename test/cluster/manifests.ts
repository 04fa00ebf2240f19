// Manifests of this repository put into a test cluster: the CRDs, and whatever a test wants there. It knows where objects live
// and nothing of what they mean.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { isJsonObject, type JsonObject } from '../../operator/cluster/json.ts';
import type { KubernetesTransport } from '../../operator/cluster/kubernetes-transport.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const CRD_PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const AGGREGATED_DISCOVERY = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const ESTABLISHED_DEADLINE_MS = 30_000;

/** Applies every CRD under crds/ and waits until the server serves them. */
export function installCrds(transport: KubernetesTransport): Promise<void> {
  return installCrdsOf(transport, join(REPOSITORY, 'crds'));
}

/** Applies every CRD in a folder and waits until the server serves them. */
export async function installCrdsOf(transport: KubernetesTransport, directory: string): Promise<void> {
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.yaml'))) {
    for (const document of parseAllDocuments(readFileSync(join(directory, file), 'utf8'))) {
      await installCrd(transport, document.toJS() as JsonObject);
    }
  }
}

async function installCrd(transport: KubernetesTransport, crd: JsonObject): Promise<void> {
  const name = String((crd.metadata as JsonObject).name);
  const subject = { title: `CustomResourceDefinition ${name}`, name };
  const path = `${CRD_PATH}/${name}`;
  const query = '?fieldManager=test&force=true';
  const contentType = 'application/apply-patch+yaml';
  await transport.request({ method: 'PATCH', path: path + query, subject, contentType, body: crd });
  await until(`${subject.title} is served`, async () =>
    isEstablished(await transport.request({ method: 'GET', path, subject })),
  );
  const { group } = crd.spec as JsonObject;
  await until(`${subject.title} is discovered`, async () => isDiscovered(transport, String(group)));
}

/** Controllers find kinds by discovery, which knows of a new one a little later than the server serves it. */
async function isDiscovered(transport: KubernetesTransport, group: string): Promise<boolean> {
  const subject = { title: 'discovery', name: null };
  const { items } = await transport.request({ method: 'GET', path: '/apis', subject, accept: AGGREGATED_DISCOVERY });
  return (
    Array.isArray(items) && items.some((item) => isJsonObject(item) && (item.metadata as JsonObject).name === group)
  );
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + ESTABLISHED_DEADLINE_MS;
  while (!(await isSo())) {
    if (Date.now() > endMs) throw new Error(`${what}: not after ${ESTABLISHED_DEADLINE_MS / 1000} s`);
    await delay(50);
  }
}

function isEstablished({ status }: JsonObject): boolean {
  if (!isJsonObject(status) || !Array.isArray(status.conditions)) return false;
  return status.conditions.some(
    (condition) => isJsonObject(condition) && condition.type === 'Established' && condition.status === 'True',
  );
}
