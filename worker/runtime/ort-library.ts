// Finds the libonnxruntime that onnxruntime-node ships and loads it for good. Refuses to know what is called in it.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import koffi, { type LibraryHandle } from 'koffi';
import { RuntimeError } from './runtime-error.ts';

// dlfcn.h
const RTLD_NOW = 2;
const RTLD_NODELETE = process.platform === 'darwin' ? 0x80 : 0x1000;

/** Path of the library for this platform. Throws LIBRARY when the package has none for it. */
export function findOrtLibrary(): string {
  const packageFolder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const file = process.platform === 'darwin' ? 'libonnxruntime.1.dylib' : 'libonnxruntime.so.1';
  const path = join(packageFolder, 'bin', 'napi-v6', process.platform, process.arch, file);
  if (!existsSync(path)) {
    throw new RuntimeError(
      'LIBRARY',
      `onnxruntime-node has no library for ${process.platform}/${process.arch}: expected ${path}. Supported: linux/x64, linux/arm64, darwin/arm64.`,
    );
  }
  return path;
}

/**
 * Loads the library. It is pinned (RTLD_NODELETE): koffi closes its handle when the handle is collected or its thread
 * ends, and unloading code that still has decoded pointers or pool threads in it ends the process with SIGSEGV.
 */
export function loadOrtLibrary(): LibraryHandle {
  const path = findOrtLibrary();
  const dlopen = koffi.load(null).func('void *dlopen(const char *path, int flags)');
  if (dlopen(path, RTLD_NOW | RTLD_NODELETE) === null) {
    throw new RuntimeError('LIBRARY', `${path} could not be loaded: is it built for this machine's C library?`);
  }
  return koffi.load(path);
}
