// ONNX Runtime's C API as callable functions: slots of the OrtApi table, their signatures, statuses turned into errors.
// Knows no sessions and no tensors. Source: onnxruntime_c_api.h, whose OrtApi struct is append-only, so that a slot's
// index never changes; counted over ORT_API2_STATUS, ORT_CLASS_RELEASE and ORT_API_T members of API 29, and checked
// against the header's own assertions (101 ReleaseCustomOpDomain, 118 ReleaseModelMetadata, 149 SetGlobalSpinControl).
import koffi, { type LibraryHandle } from 'koffi';
import { loadOrtLibrary } from './ort-library.ts';
import { RuntimeError, type RuntimeErrorCode } from './runtime-error.ts';

/** An opaque native pointer. */
export type Pointer = object | bigint | null;
/** OrtStatus*: null is success. */
type Status = Pointer;
type NativeFunction = (...args: unknown[]) => unknown;

const ORT_API_VERSION = 22;
const SLOTS_USED = 151;
// OrtLoggingLevel (every failure comes back as a status, with its words), OrtAllocatorType, OrtMemType
const LOG_FATAL = 4;
const DEVICE_ALLOCATOR = 0;
const MEMORY_DEFAULT = 0;

/** [slot, C prototype]; OrtStatus*, and every other opaque pointer, is void*. */
const FUNCTIONS = {
  getErrorMessage: [2, 'const char *OrtGetErrorMessage(void *status)'],
  createEnv: [3, 'void *OrtCreateEnv(int logLevel, const char *id, _Out_ void **out)'],
  createSessionFromArray: [
    8,
    'void *OrtCreateSessionFromArray(void *env, const void *model, size_t bytes, void *options, _Out_ void **out)',
  ],
  createSessionOptions: [10, 'void *OrtCreateSessionOptions(_Out_ void **out)'],
  setSessionExecutionMode: [13, 'void *OrtSetSessionExecutionMode(void *options, int mode)'],
  setGraphOptimizationLevel: [23, 'void *OrtSetGraphOptimizationLevel(void *options, int level)'],
  setIntraOpNumThreads: [24, 'void *OrtSetIntraOpNumThreads(void *options, int threads)'],
  setInterOpNumThreads: [25, 'void *OrtSetInterOpNumThreads(void *options, int threads)'],
  sessionGetInputCount: [30, 'void *OrtSessionGetInputCount(void *session, _Out_ size_t *out)'],
  sessionGetOutputCount: [31, 'void *OrtSessionGetOutputCount(void *session, _Out_ size_t *out)'],
  sessionGetInputTypeInfo: [33, 'void *OrtSessionGetInputTypeInfo(void *session, size_t i, _Out_ void **out)'],
  sessionGetOutputTypeInfo: [34, 'void *OrtSessionGetOutputTypeInfo(void *session, size_t i, _Out_ void **out)'],
  sessionGetInputName: [36, 'void *OrtSessionGetInputName(void *session, size_t i, void *allocator, _Out_ void **out)'],
  sessionGetOutputName: [
    37,
    'void *OrtSessionGetOutputName(void *session, size_t i, void *allocator, _Out_ void **out)',
  ],
  createTensorWithData: [
    49,
    'void *OrtCreateTensorWithData(void *memory, void *data, size_t bytes, const int64_t *shape, size_t rank, int type, _Out_ void **out)',
  ],
  castTypeInfoToTensorInfo: [55, 'void *OrtCastTypeInfoToTensorInfo(void *info, _Out_ void **out)'],
  getTensorElementType: [60, 'void *OrtGetTensorElementType(void *info, _Out_ int *out)'],
  getDimensionsCount: [61, 'void *OrtGetDimensionsCount(void *info, _Out_ size_t *out)'],
  getDimensions: [62, 'void *OrtGetDimensions(void *info, void *dims, size_t rank)'],
  createCpuMemoryInfo: [69, 'void *OrtCreateCpuMemoryInfo(int allocator, int memory, _Out_ void **out)'],
  allocatorFree: [76, 'void *OrtAllocatorFree(void *allocator, void *p)'],
  getAllocatorWithDefaultOptions: [78, 'void *OrtGetAllocatorWithDefaultOptions(_Out_ void **out)'],
  releaseStatus: [93, 'void OrtReleaseStatus(void *p)'],
  releaseSession: [95, 'void OrtReleaseSession(void *p)'],
  releaseValue: [96, 'void OrtReleaseValue(void *p)'],
  releaseTypeInfo: [98, 'void OrtReleaseTypeInfo(void *p)'],
  releaseSessionOptions: [100, 'void OrtReleaseSessionOptions(void *p)'],
  addSessionConfigEntry: [130, 'void *OrtAddSessionConfigEntry(void *options, const char *key, const char *value)'],
  runWithBinding: [133, 'void *OrtRunWithBinding(void *session, void *runOptions, void *binding)'],
  createIoBinding: [134, 'void *OrtCreateIoBinding(void *session, _Out_ void **out)'],
  releaseIoBinding: [135, 'void OrtReleaseIoBinding(void *p)'],
  bindInput: [136, 'void *OrtBindInput(void *binding, const char *name, void *value)'],
  bindOutput: [137, 'void *OrtBindOutput(void *binding, const char *name, void *value)'],
  addInitializer: [150, 'void *OrtAddInitializer(void *options, const char *name, void *value)'],
} as const satisfies Record<string, readonly [number, string]>;

export type OrtFunctionName = keyof typeof FUNCTIONS;

export interface OrtApi {
  readonly version: string;
  readonly environment: Pointer;
  readonly cpuMemory: Pointer;
  readonly allocator: Pointer;
  /** Calls a function that returns a status; a failure becomes a RuntimeError of the given code. */
  call(code: RuntimeErrorCode, name: OrtFunctionName, ...args: unknown[]): void;
  /** The same for a function whose last parameter is an out pointer; returns what was written there. */
  create<T = Pointer>(code: RuntimeErrorCode, name: OrtFunctionName, ...args: unknown[]): T;
  /** Calls a Release function. */
  release(name: OrtFunctionName, pointer: Pointer): void;
}

let loaded: OrtApi | undefined;

/** The API, loaded on first use, once for each thread of the process. Throws LIBRARY. */
export function ortApi(): OrtApi {
  loaded ??= load();
  return loaded;
}

function load(): OrtApi {
  const library = loadOrtLibrary();
  const base = koffi.decode(library.func('void *OrtGetApiBase()')(), koffi.array('void *', 2)) as Pointer[];
  const version = koffi.decode(base[1], koffi.proto('const char *OrtGetVersionString()'))() as string;
  const table = koffi.decode(base[0], koffi.proto('void *OrtGetApi(uint32_t version)'))(ORT_API_VERSION) as Pointer;
  if (table === null) {
    throw new RuntimeError('LIBRARY', `ONNX Runtime ${version} lacks C API ${ORT_API_VERSION}: needs 1.22 or later`);
  }
  const slots = koffi.decode(table, koffi.array('void *', SLOTS_USED)) as Pointer[];
  const functions = Object.fromEntries(
    Object.entries(FUNCTIONS).map(([name, [slot, prototype]]) => [
      name,
      koffi.decode(slots[slot], koffi.proto(prototype)),
    ]),
  ) as Record<OrtFunctionName, NativeFunction>;
  return bindApi(library, functions, version);
}

function bindApi(library: LibraryHandle, functions: Record<OrtFunctionName, NativeFunction>, version: string): OrtApi {
  const call: OrtApi['call'] = (code, name, ...args) => {
    const status = functions[name](...args) as Status;
    if (status === null) return;
    const message = functions.getErrorMessage(status) as string;
    functions.releaseStatus(status);
    throw new RuntimeError(code, message);
  };
  const create = <T = Pointer>(code: RuntimeErrorCode, name: OrtFunctionName, ...args: unknown[]): T => {
    const out: [T | null] = [null];
    call(code, name, ...args, out);
    return out[0] as T;
  };
  const shared = {
    // koffi closes a library whose handle is collected; the decoded pointers would dangle.
    library,
    version,
    environment: create('LIBRARY', 'createEnv', LOG_FATAL, 'ppo-operator'),
    cpuMemory: create('LIBRARY', 'createCpuMemoryInfo', DEVICE_ALLOCATOR, MEMORY_DEFAULT),
    allocator: create('LIBRARY', 'getAllocatorWithDefaultOptions'),
  };
  return { ...shared, call, create, release: (name, pointer) => void functions[name](pointer) };
}
