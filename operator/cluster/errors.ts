// What can go wrong between us and a cluster: one class with a closed set of codes, and a subclass for each code that
// callers react to. It refuses to know HTTP; implementations translate into these.

export type ClusterErrorCode =
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Invalid'
  | 'Forbidden'
  | 'Unavailable';

export class ClusterError extends Error {
  readonly code: ClusterErrorCode;
  constructor(code: ClusterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = `${code}Error`;
    this.code = code;
  }
}

/** HTTP 404. */
export class NotFoundError extends ClusterError {
  constructor(message: string, options?: ErrorOptions) {
    super('NotFound', message, options);
  }
}

/** HTTP 409, reason AlreadyExists. */
export class AlreadyExistsError extends ClusterError {
  constructor(message: string, options?: ErrorOptions) {
    super('AlreadyExists', message, options);
  }
}

/** HTTP 409, reason Conflict: a stale resourceVersion, a failed precondition, or a field owned by another manager. */
export class ConflictError extends ClusterError {
  constructor(message: string, options?: ErrorOptions) {
    super('Conflict', message, options);
  }
}

/** HTTP 410: the resourceVersion is older than the server's history. List again. */
export class GoneError extends ClusterError {
  constructor(message: string, options?: ErrorOptions) {
    super('Gone', message, options);
  }
}

/** HTTP 400 and 422: the object breaks the API's rules; sending it again won't help. */
export class InvalidError extends ClusterError {
  constructor(message: string, options?: ErrorOptions) {
    super('Invalid', message, options);
  }
}

/** HTTP 401 and 403: this user may not do that, or a quota is used up. It may be allowed later. */
export class ForbiddenError extends ClusterError {
  constructor(message: string, options?: ErrorOptions) {
    super('Forbidden', message, options);
  }
}

/** HTTP 403 of a namespace that is being deleted: nothing is made there any more, and all that is there goes. */
export class NamespaceGoingError extends ForbiddenError {}

/** No answer before the deadline, a lost connection, HTTP 429 and 5xx. Sending again may help. */
export class UnavailableError extends ClusterError {
  constructor(message: string, options?: ErrorOptions) {
    super('Unavailable', message, options);
  }
}
