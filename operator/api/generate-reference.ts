/**
 * Writes docs/ppojob.md from the schemas: `node operator/api/generate-reference.ts` (part of `npm run generate`). Knows
 * nothing of what it writes.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { REFERENCE_FILE, renderReference } from './reference.ts';

const path = fileURLToPath(new URL(`../../${REFERENCE_FILE}`, import.meta.url));
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, renderReference());
