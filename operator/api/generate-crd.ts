/**
 * Writes the CRD from the schemas: `node operator/api/generate-crd.ts` (part of `npm run generate`; CI runs it and
 * compares). Knows nothing of what it writes.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CRD_FILE, renderCrd } from './crd-file.ts';

const path = fileURLToPath(new URL(`../../${CRD_FILE}`, import.meta.url));
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, renderCrd());
