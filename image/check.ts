// What has to be true of a built image, whoever built it. Looks at the archive alone; it refuses to know how it was made.

import type { Variant } from './build.ts';
import { SBOM_PATH } from './contents.ts';
import type { InspectedImage } from './inspect.ts';

const CPU_LIMIT_BYTES = 400e6;
const NEEDED = ['/usr/local/bin/node', '/app/operator/main.ts', '/app/worker/main.ts', '/app/LICENSE', SBOM_PATH];
const ORT = '/app/node_modules/onnxruntime-node/bin/napi-v6';
const NPM = /\/(?:npm|npx|corepack|yarn)(?:$|\/)/;
const LABELS = ['title', 'description', 'version', 'revision', 'licenses'];

/** Everything that is wrong; none: it may be given away. */
export function problemsOf(
  image: Pick<InspectedImage, 'config' | 'entries' | 'sizeBytes' | 'architecture'>,
  variant: Variant,
): string[] {
  const { config, entries, sizeBytes, architecture } = image;
  const problems: string[] = [];
  const paths = [...entries.keys()];
  if (variant === 'cpu' && sizeBytes > CPU_LIMIT_BYTES) {
    problems.push(`it has ${Math.round(sizeBytes / 1e6)} MB: more than ${CPU_LIMIT_BYTES / 1e6}`);
  }
  if (!/^[1-9]\d*:[1-9]\d*$/.test(config.User ?? '')) {
    problems.push(`its user is "${config.User ?? ''}": must be a number other than root's, and so the group`);
  }
  for (const path of NEEDED) if (!entries.has(path)) problems.push(`it lacks ${path}`);
  const npm = paths.find((path) => NPM.test(path));
  if (npm !== undefined) problems.push(`it holds a package manager: ${npm}`);
  const own = `${ORT}/linux/${architecture === 'amd64' ? 'x64' : architecture}/`;
  const foreign = paths.find(
    (path) => path.startsWith(`${ORT}/`) && !path.startsWith(own) && !own.startsWith(`${path}/`),
  );
  if (foreign !== undefined) problems.push(`it holds native libraries of another platform: ${foreign}`);
  for (const label of LABELS) {
    const name = `org.opencontainers.image.${label}`;
    if ((config.Labels?.[name] ?? '') === '') problems.push(`it has no label ${name}`);
  }
  return problems;
}
