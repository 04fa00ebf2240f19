/** `kubectl ppo version`: of the plugin, the API server, and the operators that can be found. Changes nothing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { API_VERSION, KIND } from '../../api/names.ts';
import { ClusterError } from '../../cluster/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../../cluster/json.ts';
import { EXIT, type Session } from '../session.ts';

/** As the chart labels the operator. */
const OPERATORS = '/apis/apps/v1/deployments?labelSelector=app.kubernetes.io%2Fname%3Dppo-operator';
const PACKAGE = join(import.meta.dirname, '..', '..', '..', 'package.json');

export function pluginVersion(): string {
  return String(JSON.parse(readFileSync(PACKAGE, 'utf8')).version);
}

export async function version(session: Session): Promise<number> {
  const { output, ask } = session;
  output.print(`plugin      ${pluginVersion()}, ${KIND} ${API_VERSION}`);
  const server = await ask('/version');
  output.print(`kubernetes  ${String(server.gitVersion)}`);
  for (const line of await findOperators(ask)) output.print(`operator    ${line}`);
  return EXIT.done;
}

async function findOperators(ask: Session['ask']): Promise<string[]> {
  try {
    const { items } = await ask(OPERATORS);
    const found = Array.isArray(items) ? items.filter(isJsonObject).map(describeOperator) : [];
    return found.length > 0 ? found : ['none found: no Deployment has the label app.kubernetes.io/name=ppo-operator'];
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return [`not known: ${error.message}`];
  }
}

function describeOperator({ metadata, spec, status }: JsonObject): string {
  const { namespace, name } = objectOf(metadata);
  const { replicas = 1, template } = objectOf(spec);
  const containers = objectOf(objectOf(template).spec).containers;
  const image = Array.isArray(containers) ? objectOf(containers[0]).image : '';
  const ready = objectOf(status).readyReplicas ?? 0;
  return `${String(image)}, ${String(ready)}/${String(replicas)} ready (deployment ${String(namespace)}/${String(name)})`;
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
