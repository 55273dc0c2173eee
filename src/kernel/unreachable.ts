/** Ends every switch over a union: a new member fails the type check here, and a lie about a type fails at run time. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
