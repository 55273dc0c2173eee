import { unreachable } from '../../kernel/unreachable.ts';
/**
 * Why an issuer or a PSP said no, in one vocabulary for every PSP. Each adapter has one table from its own codes to
 * these; a code that is in no table is `other` and travels verbatim in `raw`.
 */
export type DeclineCode =
  | 'insufficient_funds'
  | 'limit_exceeded'
  | 'expired_card'
  | 'incorrect_number'
  | 'incorrect_cvc'
  | 'incorrect_address'
  | 'incorrect_pin'
  | 'card_not_supported'
  | 'currency_not_supported'
  | 'transaction_not_permitted'
  | 'lost_or_stolen_card'
  | 'pickup_card'
  | 'restricted_card'
  | 'closed_account'
  | 'fraud_suspected'
  | 'blocked_by_psp'
  | 'authentication_required'
  | 'authentication_failed'
  | 'mandate_revoked'
  | 'duplicate_transaction'
  | 'issuer_unavailable'
  | 'processing_error'
  | 'do_not_honor'
  | 'other';

export type Decline = {
  readonly code: DeclineCode;
  /** The PSP's own code, verbatim. */
  readonly raw: string;
};

/**
 * What trying again can bring.
 * - `transient`: the same card may succeed later, or at another PSP.
 * - `fix`: the buyer must change something first: other data, another card, authentication.
 * - `never`: the schemes forbid another try with this card.
 */
export type Advice = 'transient' | 'fix' | 'never';

export function adviceFor(code: DeclineCode): Advice {
  switch (code) {
    case 'issuer_unavailable':
    case 'processing_error':
    case 'do_not_honor':
    case 'other':
      return 'transient';
    case 'insufficient_funds':
    case 'limit_exceeded':
    case 'expired_card':
    case 'incorrect_number':
    case 'incorrect_cvc':
    case 'incorrect_address':
    case 'incorrect_pin':
    case 'card_not_supported':
    case 'currency_not_supported':
    case 'transaction_not_permitted':
    case 'authentication_required':
    case 'authentication_failed':
    case 'duplicate_transaction':
    case 'blocked_by_psp':
      return 'fix';
    case 'lost_or_stolen_card':
    case 'pickup_card':
    case 'restricted_card':
    case 'closed_account':
    case 'fraud_suspected':
    case 'mandate_revoked':
      return 'never';
    default:
      return unreachable(code);
  }
}

/** Whether the same payment may be offered to another PSP: the first one is known not to have charged. */
export function isTransient(code: DeclineCode): boolean {
  return code === 'issuer_unavailable' || code === 'processing_error';
}
