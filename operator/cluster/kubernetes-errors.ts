// The API server's refusals as ClusterErrors. It refuses to know why anything was asked.

import {
  AlreadyExistsError,
  type ClusterError,
  ConflictError,
  ForbiddenError,
  GoneError,
  InvalidError,
  NamespaceGoingError,
  NotFoundError,
  UnavailableError,
} from './errors.ts';

/** metav1.Status, as far as it's read here; anybody's proxy may answer instead, so every member may be missing. */
interface Status {
  readonly code?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly details?: {
    readonly name?: unknown;
    readonly causes?: readonly Cause[];
  };
}

interface Cause {
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly field?: unknown;
}

/** What an answer was about. */
export interface Subject {
  /** For messages: "Pod default/a", or "Pods in default". */
  readonly title: string;
  /** The object's name, where one object is meant. */
  readonly name: string | null;
}

const MAX_MESSAGE_CHARACTERS = 4096;

/** The error that an answer with this HTTP status and body stands for. */
export function toClusterError(httpStatus: number, body: unknown, subject: Subject): ClusterError {
  const status = (typeof body === 'object' && body !== null ? body : {}) as Status;
  const message = `${subject.title}: ${messageOf(httpStatus, status, body)}`;
  switch (httpStatus) {
    case 404: {
      const isItself = subject.name !== null && status.details?.name === subject.name;
      return new NotFoundError(isItself ? `${subject.title} not found` : message);
    }
    case 409:
      if (status.reason === 'AlreadyExists') return new AlreadyExistsError(`${subject.title} already exists`);
      return new ConflictError(conflictMessage(status, subject) ?? message);
    case 410:
      return new GoneError(message);
    case 401:
      return new ForbiddenError(message);
    case 403:
      return hasCause(status, 'NamespaceTerminating') ? new NamespaceGoingError(message) : new ForbiddenError(message);
    case 400:
    case 405:
    case 406:
    case 413:
    case 415:
    case 422:
      return new InvalidError(message);
    default:
      return new UnavailableError(message);
  }
}

function messageOf(httpStatus: number, status: Status, body: unknown): string {
  const text = typeof status.message === 'string' ? status.message : typeof body === 'string' ? body : '';
  return `${text.trim().slice(0, MAX_MESSAGE_CHARACTERS)} (HTTP ${httpStatus})`.trim();
}

function causesOf({ details }: Status): readonly Cause[] {
  return Array.isArray(details?.causes) ? details.causes : [];
}

function hasCause(status: Status, reason: string): boolean {
  return causesOf(status).some((cause) => cause.reason === reason);
}

/** Fields owned by other managers, when that is the conflict. */
function conflictMessage(status: Status, subject: Subject): string | null {
  const owned = causesOf(status)
    .filter((cause) => cause.reason === 'FieldManagerConflict')
    .map((cause) => `${/"(.*?)"/.exec(String(cause.message))?.[1] ?? 'somebody'}: ${String(cause.field)}`);
  return owned.length === 0 ? null : `${subject.title}: fields owned by others: ${owned.join(', ')}`;
}
