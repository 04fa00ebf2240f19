/**
 * Writes what in the chart follows from something else: the CRD's template from the schemas, the README's table from the
 * comments of values.yaml, the dashboards from their definitions (part of `npm run generate`; CI runs it and compares).
 * Knows nothing of what it writes.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { renderCrd } from '../operator/api/crd-file.ts';
import { crdTemplate } from './crd-template.ts';
import { renderDashboard } from './dashboard.ts';
import { JOB_DASHBOARD } from './job-dashboard.ts';
import { OPERATOR_DASHBOARD } from './operator-dashboard.ts';
import { readValues, withValueTable } from './readme.ts';

const CHART = join(import.meta.dirname, 'ppo-operator');
const CRD = join(CHART, 'templates', 'crds', 'ppojobs.yaml');
const README = join(CHART, 'README.md');

mkdirSync(dirname(CRD), { recursive: true });
writeFileSync(CRD, crdTemplate(renderCrd()));
const values = readValues(readFileSync(join(CHART, 'values.yaml'), 'utf8'));
writeFileSync(README, withValueTable(readFileSync(README, 'utf8'), values));

mkdirSync(join(CHART, 'dashboards'), { recursive: true });
writeFileSync(join(CHART, 'dashboards', 'job.json'), renderDashboard(JOB_DASHBOARD));
writeFileSync(join(CHART, 'dashboards', 'operator.json'), renderDashboard(OPERATOR_DASHBOARD));
