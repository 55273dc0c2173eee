/** The database did not do what it was asked: away, overloaded, or a broken invariant. Never part of normal business. */
export class StoreFault extends Error {
  override readonly name = 'StoreFault';
  /** SQLSTATE, or the code of the broken connection. */
  readonly code: string;
  /** Whether the service may be asked again soon. */
  readonly passing: boolean;
  /** Whether the server itself refused the statement: it is then certain that it left nothing behind. */
  readonly nothingWritten: boolean;
  /** The constraint that was violated, where one was: the same rows would violate it again. */
  readonly constraint: string | undefined;

  constructor(cause: Error & { code?: string; constraint?: string }) {
    super(cause.message, { cause });
    this.code = cause.code ?? 'unknown';
    this.constraint = cause.constraint;
    this.nothingWritten = /^(22|23|40|42)/.test(this.code);
    this.passing = isPassing(this.code, cause.message);
  }
}

/** Connection failures (08), resources (53), operator intervention (57), its disk (58), lost races (40), and Node's socket errors. */
function isPassing(code: string, message: string): boolean {
  return /^(08|53|57|58|40)/.test(code) || code.startsWith('E') || /timeout|terminated|ended/i.test(message);
}
