// The certificate of the metrics: served, renewed while the server runs, and refused with its files' names.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { Registry } from 'prom-client';
import { systemClock } from '../../operator/cluster/clock.ts';
import { OperatorHealth } from '../../operator/health.ts';
import { readCertificate, watchCertificate } from '../../operator/metrics-certificate.ts';
import { startOperatorMetricsServer } from '../../operator/metrics-server.ts';
import { issueAuthority, Signer } from '../../operator/security/certificates.ts';
import { startMetricsServer } from '../../worker/service/metrics.ts';

const HOUR_MS = 3_600_000;
const validity = { notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + HOUR_MS) };
const authority = issueAuthority({ commonName: 'authority', ...validity });
const directory = mkdtempSync(join(tmpdir(), 'ppo-metrics-certificate-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const files = { certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') };

function issue(commonName: string): { certificate: string; key: string } {
  return new Signer(authority).issue({ commonName, dnsNames: ['operator.test'], uri: 'spiffe://test', ...validity });
}

function write({ certificate, key }: { certificate: string; key: string }): void {
  writeFileSync(files.certificate, certificate);
  writeFileSync(files.key, key);
}

/** Whom the server at `port` says it is, to a client that believes the authority. */
function subjectOf(port: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername: 'operator.test', ca: authority.certificate });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve(socket.getPeerCertificate().subject.CN as string | undefined);
      socket.destroy();
    });
  });
}

const health = new OperatorHealth(systemClock);

it('is served', async () => {
  write(issue('first'));
  const settings = { host: '127.0.0.1', port: 0, tls: files };
  const onCertificateError = (error: unknown) => assert.fail(String(error));
  const server = await startOperatorMetricsServer({ settings, registry: new Registry(), health, onCertificateError });
  try {
    assert.equal(await subjectOf(server.port), 'first');
  } finally {
    await server.close();
  }
});

it('is renewed while it is served, once its files are whole', async () => {
  write(issue('first'));
  const certificate = await readCertificate(files);
  const registry = new Registry();
  const server = await startMetricsServer({ host: '127.0.0.1', port: 0, registry, isReady: () => true, certificate });
  const errors: unknown[] = [];
  const stop = watchCertificate(files, {
    current: certificate,
    onChange: (renewed) => server.useCertificate(renewed),
    onError: (error) => errors.push(error),
    everyMs: 10,
  });
  try {
    const second = issue('second');
    writeFileSync(files.certificate, second.certificate);
    while (errors.length === 0) await delay(10);
    assert.match(String(errors[0]), /tls\.crt with the key .*tls\.key/);
    assert.equal(await subjectOf(server.port), 'first');
    writeFileSync(files.key, second.key);
    while ((await subjectOf(server.port)) !== 'second') await delay(10);
  } finally {
    stop();
    await server.close();
  }
});

it('is refused with the names of its files', async () => {
  writeFileSync(files.certificate, 'nothing');
  await assert.rejects(readCertificate(files), /the certificate .*tls\.crt with the key .*tls\.key: /);
  const missing = { ...files, key: join(directory, 'none') };
  await assert.rejects(readCertificate(missing), /none: ENOENT/);
});
