// Where the operator's page may be served. Pure; it refuses every address that others than this machine, or this pod, can
// reach: the page asks nobody who they are, so whoever reaches it reads what the operator knows of all jobs.

export interface PageAddress {
  readonly host: string;
  readonly port: number;
}

export const PAGE_OFF = 'off';
const MAX_PORT = 65_535;
const IPV4_LOOPBACK = /^127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;

/** Null: no page. A string: what is wrong with the text. */
export function parsePageAddress(text: string): PageAddress | null | string {
  if (text === PAGE_OFF) return null;
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || port > MAX_PORT) {
    return `--page-address ${text}: must be HOST:PORT, such as 127.0.0.1:8081, or ${PAGE_OFF}`;
  }
  if (isLoopback(host)) return { host, port };
  return (
    `--page-address ${text}: must be a loopback address, such as 127.0.0.1:${port}: the page asks nobody who they are; ` +
    'kubectl port-forward reaches it there, and so does a proxy with a login in the same pod'
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || IPV4_LOOPBACK.test(host);
}
