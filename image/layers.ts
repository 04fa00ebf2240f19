// Writes the image's layers as folders, for a stage of the Dockerfile: `node image/layers.ts SBOM FOLDER`, in a folder with the
// production install; SBOM is npm's. A table of contents.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageContents } from './contents.ts';
import { completeBom, parseBom } from './sbom.ts';
import { distributionName } from './system.ts';
import { writeTree } from './tree.ts';

const [sbom, folder] = process.argv.slice(2);
if (sbom === undefined || folder === undefined) throw new Error('usage: node image/layers.ts SBOM FOLDER');
const bom = parseBom(readFileSync(sbom, 'utf8'));
const layers = await imageContents(join(import.meta.dirname, '..'), (installed) =>
  completeBom(bom, installed, distributionName()),
);
for (const [name, layer] of Object.entries(layers)) writeTree(layer, join(folder, name));
