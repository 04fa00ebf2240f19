/** An address as programs write and dial it, of both families of IP. Knows nobody at it. */

/** host:port, the host in brackets where it is an IPv6 address. */
export function formatAddress({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
