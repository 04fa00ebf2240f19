/**
 * A transport address in a fixed number of bytes: port, length, text of an IP address, zeros. Knows no message around it.
 */
import { isIP } from 'node:net';

export interface Address {
  /** An IP address in text: names would have to be resolved, and pods have addresses. */
  readonly host: string;
  readonly port: number;
}

const MAX_HOST_BYTES = 45;
export const ADDRESS_BYTES = 2 + 1 + MAX_HOST_BYTES;

export function encodeAddress(address: Address, into: Buffer): void {
  const problem = addressProblem(address);
  if (problem !== null) throw new Error(`internal: ${problem}`);
  into.fill(0, 0, ADDRESS_BYTES);
  into.writeUInt16LE(address.port, 0);
  into.writeUInt8(address.host.length, 2);
  into.write(address.host, 3, 'latin1');
}

/** Null where the bytes are no address. */
export function decodeAddress(bytes: Buffer): Address | null {
  const length = bytes.readUInt8(2);
  if (length > MAX_HOST_BYTES) return null;
  const address = { host: bytes.toString('latin1', 3, 3 + length), port: bytes.readUInt16LE(0) };
  const isPadded = bytes.subarray(3 + length, ADDRESS_BYTES).every((byte) => byte === 0);
  return isPadded && addressProblem(address) === null ? address : null;
}

/** What is wrong with an address, or null. */
export function addressProblem({ host, port }: Address): string | null {
  if (isIP(host) === 0 || host.length > MAX_HOST_BYTES) return `host ${JSON.stringify(host)} is no IP address`;
  if (!Number.isInteger(port) || port < 1 || port > 65535) return `port ${port} is not in 1..65535`;
  return null;
}
