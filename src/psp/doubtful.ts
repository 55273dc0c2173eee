type NotSent = { readonly kind: 'not_sent'; readonly cause: string };
type Unknown = { readonly kind: 'unknown'; readonly cause: string };

/**
 * The outcome of a call that may not have been the first one. That the repetition was not sent says nothing about the
 * call before it, so `not_sent` becomes `unknown`.
 */
export function doubtful<Outcome extends { readonly kind: string }>(
  outcome: Outcome,
): Exclude<Outcome, NotSent> | Unknown {
  return isNotSent(outcome)
    ? { kind: 'unknown', cause: outcome.cause }
    : (outcome as Exclude<Outcome, NotSent>);
}

function isNotSent(outcome: { readonly kind: string }): outcome is NotSent {
  return outcome.kind === 'not_sent';
}
