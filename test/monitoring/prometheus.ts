/** Where Prometheus' programs are. Without them tests leave themselves out, loudly; in CI that is a failure. */
import { findInPath, isExecutable } from '../programs.ts';

const HINT = "install Debian's package prometheus, or set PROMTOOL and PROMETHEUS";

/** The path of a program, by its variable or the PATH; null where there is none. Throws in CI. */
export function findProgram(name: 'prometheus' | 'promtool'): string | null {
  const named = process.env[name.toUpperCase()];
  const found = named !== undefined && isExecutable(named) ? named : findInPath([name]);
  if (found !== null) return found;
  if (process.env['CI']) throw new Error(`${name} is missing: ${HINT}`);
  return null;
}

/** For `skip` of a test: false, or why it is left out. */
export function skipWithout(name: 'prometheus' | 'promtool'): string | false {
  return findProgram(name) === null ? `${name} is missing: ${HINT}` : false;
}
