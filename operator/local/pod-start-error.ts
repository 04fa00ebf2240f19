/** Why a pod can't be started on this machine, in a sentence that becomes its status message. */
export class PodStartError extends Error {
  override readonly name = 'PodStartError';
}
