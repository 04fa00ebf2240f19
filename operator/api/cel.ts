/**
 * The shape of a rule in the Common Expression Language as a CRD carries it, and pieces of expressions that several
 * rules share. Knows no field by name.
 */

/** One entry of `x-kubernetes-validations`. */
export interface CelRule {
  /** True where the value is fine. */
  readonly rule: string;
  /** The rest of a sentence that begins with the field's path: `must be ...`. */
  readonly message: string;
  /** Where the server reports it, below the node that carries the rule: `.training.minibatchSize`. */
  readonly fieldPath?: string;
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden';
}

/** A list of the names on the way of a path, so that `/a//b/./c/` and `/a/b/c` are the same. `..` stays as it is. */
export function pathSegments(path: string): string {
  return `${path}.split('/').filter(name, name != '' && name != '.')`;
}

/** Whether two paths are both absolute, or both relative. */
export function sameStart(a: string, b: string): string {
  return `${a}.startsWith('/') == ${b}.startsWith('/')`;
}
