/** The Secrets of a job's mutual TLS through time: made once, renewed early, and never a peer that can't be believed. */
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import type { Secret } from '../../../operator/cluster/objects.ts';
import { type CertificatesInput, renewCertificates } from '../../../operator/security/job-certificates.ts';
import { LIFETIMES } from '../../../operator/security/rotation.ts';
import { jobWith } from '../api/manifest.ts';

const job = jobWith();
const START_MS = Date.parse('2026-03-01T00:00:00Z');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

type State = readonly Secret[];

function step(secrets: State, nowMs: number, changes: Partial<CertificatesInput> = {}): State {
  const { changed } = renewCertificates({ job, secrets, nowMs, ...changes });
  const names = new Set(changed.map(({ metadata }) => metadata.name));
  return [...secrets.filter(({ metadata }) => !names.has(metadata.name)), ...changed];
}

function files(secrets: State, name: string): Record<string, string> {
  const data = secrets.find(({ metadata }) => metadata.name === name)?.data ?? {};
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]));
}

/** Every pair belongs together, and is believed. */
function isWhole(secrets: State): boolean {
  const pods = files(secrets, 'job-tls');
  const { 'current.crt': authority = '', 'current.key': key = '' } = files(secrets, 'job-ca');
  const pairs = ['worker', 'coordinator', 'operator'].map(
    (name) => [pods[`${name}.crt`], pods[`${name}.key`]] as const,
  );
  return [...pairs, [authority, key] as const].every(([certificate = '', ownKey = '']) => {
    const one = new X509Certificate(certificate);
    return one.checkPrivateKey(createPrivateKey(ownKey)) && one.verify(new X509Certificate(authority).publicKey);
  });
}

function believedIn(bundle: string): X509Certificate[] {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

const first = step([], START_MS);

test('the first look makes an authority for the operator and certificates for the pods, owned by the job', () => {
  assert.deepEqual(first.map(({ metadata }) => metadata.name).sort(), ['job-ca', 'job-tls']);
  for (const { metadata } of first) assert.equal(metadata.ownerReferences?.[0]?.uid, 'uid-1');
  assert.deepEqual(Object.keys(files(first, 'job-ca')).sort(), ['current.crt', 'current.key']);
  const pods = files(first, 'job-tls');
  const holders = ['coordinator', 'operator', 'worker'];
  assert.deepEqual(
    Object.keys(pods).sort(),
    ['ca.crt', ...holders.flatMap((name) => [`${name}.crt`, `${name}.key`])].sort(),
  );
  assert.ok(!Object.values(pods).includes(files(first, 'job-ca')['current.key']!), "the authority's key is in no pod");
});

test('names: every role of a holder, below one identity of the job', () => {
  const { 'coordinator.crt': coordinator = '', 'worker.crt': worker = '' } = files(first, 'job-tls');
  const namesOf = (pem: string) => new X509Certificate(pem).subjectAltName?.split(', ') ?? [];
  assert.ok(namesOf(coordinator).includes('DNS:job-coordinator.default.svc'));
  assert.ok(!namesOf(worker).some((name) => name.includes('coordinator')), 'no worker passes for the coordinator');
  for (const role of ['actor', 'critic', 'generation', 'reference', 'reward']) {
    assert.ok(namesOf(worker).includes(`DNS:job-${role}.default.svc`));
    assert.ok(namesOf(worker).includes(`DNS:*.job-${role}.default.svc`));
  }
  assert.equal(namesOf(worker).at(-1), 'URI:spiffe://rlhf.dev/ns/default/ppojob/job/worker');
  assert.equal(namesOf(coordinator).at(-1), 'URI:spiffe://rlhf.dev/ns/default/ppojob/job/coordinator');
});

test('nothing changes before its time, and the time is told', () => {
  const { changed, renewAtMs } = renewCertificates({ job, secrets: first, nowMs: START_MS + HOUR_MS });
  assert.deepEqual(changed, []);
  assert.equal(renewAtMs, START_MS + LIFETIMES.certificateMs - LIFETIMES.renewalMs);
  const atTime = renewCertificates({ job, secrets: first, nowMs: renewAtMs });
  assert.deepEqual(
    atTime.changed.map(({ metadata }) => metadata.name),
    ['job-tls'],
  );
  assert.ok(atTime.renewAtMs > renewAtMs);
});

test('what is lost or damaged is made anew', () => {
  const lost = step(
    first.filter(({ metadata }) => metadata.name === 'job-ca'),
    START_MS + HOUR_MS,
  );
  assert.equal(files(lost, 'job-ca')['current.crt'], files(first, 'job-ca')['current.crt']);
  assert.notEqual(files(lost, 'job-tls')['worker.crt'], files(first, 'job-tls')['worker.crt']);
  const damaged = first.map((secret) => ({ ...secret, data: { ...secret.data, 'worker.crt': 'bm9uZQ==' } }));
  const mended = files(step(damaged, START_MS + HOUR_MS), 'job-tls');
  assert.match(mended['worker.crt'] ?? '', /BEGIN CERTIFICATE/);
  assert.equal(mended['coordinator.crt'], files(first, 'job-tls')['coordinator.crt']);
  const spoilt = (key: string): State =>
    first.map((secret) => (secret.data?.[key] ? { ...secret, data: { ...secret.data, [key]: 'bm9uZQ==' } } : secret));
  assert.deepEqual(isWhole(step(spoilt('worker.key'), START_MS + HOUR_MS)), true, 'a key that is none');
  const foreign = first.map((secret) => ({
    ...secret,
    data: { ...secret.data, 'worker.key': secret.data?.['coordinator.key'] ?? '' },
  }));
  assert.deepEqual(isWhole(step(foreign, START_MS + HOUR_MS)), true, "another certificate's key");
  assert.deepEqual(isWhole(step(spoilt('current.key'), START_MS + HOUR_MS)), true, "the authority's key");
  const withoutAuthority = step(
    first.filter(({ metadata }) => metadata.name === 'job-tls'),
    START_MS + HOUR_MS,
  );
  const { 'ca.crt': bundle = '', 'worker.crt': worker = '' } = files(withoutAuthority, 'job-tls');
  assert.ok(new X509Certificate(worker).verify(believedIn(bundle)[0]!.publicKey));
});

test('through more than a year, every pod is believed by every other, however late each hears of changes', () => {
  let secrets: State = [];
  let nowMs = START_MS;
  let numAuthorities = 0;
  const history: { readonly atMs: number; readonly pods: Record<string, string> }[] = [];
  /** What a pod has that hears of a change after this time. */
  const seenBy = (delayMs: number) => history.findLast(({ atMs }) => atMs <= nowMs - delayMs)?.pods;
  while (nowMs < START_MS + 400 * DAY_MS) {
    const before = files(secrets, 'job-ca')['current.crt'];
    secrets = step(secrets, nowMs);
    if (files(secrets, 'job-ca')['current.crt'] !== before) numAuthorities++;
    history.push({ atMs: nowMs, pods: files(secrets, 'job-tls') });
    for (const shown of [0, 2, 12].map((hours) => seenBy(hours * HOUR_MS))) {
      for (const believer of [0, 2, 12].map((hours) => seenBy(hours * HOUR_MS))) {
        if (shown === undefined || believer === undefined) continue;
        const certificate = new X509Certificate(shown['worker.crt']!);
        assert.ok(certificate.validFromDate.getTime() <= nowMs && certificate.validToDate.getTime() > nowMs);
        const issuer = believedIn(believer['ca.crt']!).find((one) => certificate.verify(one.publicKey));
        assert.ok(issuer !== undefined && issuer.validToDate.getTime() > nowMs, new Date(nowMs).toISOString());
      }
    }
    nowMs += 12 * HOUR_MS;
  }
  assert.ok(numAuthorities >= 3, `${numAuthorities} authorities`);
});

test('an operator that was gone for too long begins again', () => {
  const late = START_MS + 400 * DAY_MS;
  const again = files(step(first, late), 'job-tls');
  const certificate = new X509Certificate(again['worker.crt'] ?? '');
  assert.ok(certificate.validToDate.getTime() > late);
  assert.ok(certificate.verify(believedIn(again['ca.crt'] ?? '')[0]!.publicKey));
});

test('pods whose clocks are an hour behind the operator believe each other at once', () => {
  const pems = [...Object.values(files(first, 'job-tls')), files(first, 'job-ca')['current.crt']!];
  const certificates = pems.filter((pem) => pem.includes('CERTIFICATE')).map((pem) => new X509Certificate(pem));
  assert.equal(certificates.length, 5);
  for (const { validFromDate } of certificates) assert.ok(validFromDate.getTime() < START_MS - HOUR_MS);
});

test('an operator that comes back shortly before the authority ends has something to wait for each time', () => {
  const endMs = new X509Certificate(files(first, 'job-ca')['current.crt']!).validToDate.getTime();
  for (const leftMs of [2, 60, 120, 600, 3600].map((seconds) => seconds * 1000)) {
    const nowMs = endMs - leftMs;
    const late = renewCertificates({ job, secrets: first, nowMs });
    assert.ok(late.renewAtMs > nowMs, `${leftMs} ms left: looks again after ${late.renewAtMs - nowMs} ms`);
    assert.deepEqual(renewCertificates({ job, secrets: step(first, nowMs), nowMs: nowMs + 1 }).changed, []);
  }
});
