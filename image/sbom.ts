// The bill of materials that the image carries: npm's, in CycloneDX, and what npm doesn't know of, the distribution's
// libraries. The same image has the same one, byte for byte. It asks nobody.

import type { InstalledPackages } from './contents.ts';
import type { SystemPackage } from './system.ts';

interface Component {
  readonly 'bom-ref': string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly [field: string]: unknown;
}

export interface Bom {
  readonly metadata: { readonly component: Component; readonly [field: string]: unknown };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
  readonly [field: string]: unknown;
}

export interface Distribution {
  readonly id: string;
  readonly version: string;
}

const NODE = /^node-linux-/;

/** Reads what `npm sbom --sbom-format=cyclonedx` wrote. Throws when it's something else. */
export function parseBom(text: string): Bom {
  const bom = JSON.parse(text) as Bom & { bomFormat?: string };
  if (bom.bomFormat !== 'CycloneDX') throw new Error('not a CycloneDX bill of materials in JSON');
  return bom;
}

/** npm's names packages of every platform, and the folder that it ran in instead of the image. Throws when it lacks one. */
export function completeBom(bom: Bom, { npm, system }: InstalledPackages, distribution: Distribution): string {
  const { serialNumber: _serial, ...rest } = bom;
  const { timestamp: _timestamp, ...metadata } = bom.metadata;
  const root = metadata.component['bom-ref'];
  const name = root.slice(0, root.lastIndexOf('@'));
  const own = bom.components.filter((one) => npm.has(one['bom-ref']));
  const references = new Set([root, ...own.map((one) => one['bom-ref'])]);
  const missing = [...npm].filter((reference) => !references.has(reference));
  if (missing.length > 0) throw new Error(`npm's bill of materials lacks ${missing.join(', ')}`);
  const complete = {
    ...rest,
    metadata: { ...metadata, component: { ...metadata.component, name } },
    components: [
      ...own.map(asKnown),
      // Scanners judge the distribution's packages by its release.
      operatingSystem(distribution),
      ...system.map((one) => systemComponent(one, distribution)),
    ],
    dependencies: bom.dependencies
      .filter(({ ref }) => references.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => references.has(other)) })),
  };
  return `${JSON.stringify(complete, null, 2)}\n`;
}

/** Node.js, which comes as a package of npm, under the name by which its weaknesses are published. */
function asKnown(component: Component): Component {
  const { name, version } = component;
  return NODE.test(name) ? { ...component, cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*` } : component;
}

function operatingSystem({ id, version }: Distribution): Component {
  return { 'bom-ref': `${id}@${version}`, type: 'operating-system', name: id, version };
}

function systemComponent(
  { name, version, architecture }: SystemPackage,
  { id, version: release }: Distribution,
): Component {
  const query = `arch=${architecture}&distro=${id}-${release}`;
  const purl = `pkg:deb/${id}/${name}@${encodeURIComponent(version)}?${query}`;
  return { 'bom-ref': purl, type: 'library', name, version, scope: 'required', purl };
}
