/** How an issuer says no: Stripe's `code`, its `decline_code`, and what a buyer may be told. */
export type Decline = {
  readonly code: string;
  readonly decline_code: string;
  readonly message: string;
  readonly advice_code: 'try_again_later' | 'do_not_try_again' | 'confirm_card_data';
};

const say = (
  code: string,
  decline_code: string,
  message: string,
  advice_code: Decline['advice_code'],
): Decline => ({ code, decline_code, message, advice_code });

export const declines = {
  generic_decline: say('card_declined', 'generic_decline', 'Your card was declined.', 'try_again_later'),
  insufficient_funds: say(
    'card_declined',
    'insufficient_funds',
    'Your card has insufficient funds.',
    'try_again_later',
  ),
  lost_card: say('card_declined', 'lost_card', 'Your card was declined.', 'do_not_try_again'),
  stolen_card: say('card_declined', 'stolen_card', 'Your card was declined.', 'do_not_try_again'),
  expired_card: say('expired_card', 'expired_card', 'Your card has expired.', 'confirm_card_data'),
  incorrect_cvc: say(
    'incorrect_cvc',
    'incorrect_cvc',
    "Your card's security code is incorrect.",
    'confirm_card_data',
  ),
  processing_error: say(
    'processing_error',
    'processing_error',
    'An error occurred while processing your card. Try again in a little bit.',
    'try_again_later',
  ),
  card_velocity_exceeded: say(
    'card_declined',
    'card_velocity_exceeded',
    'Your card was declined for making repeated attempts too frequently or exceeding its amount limit.',
    'try_again_later',
  ),
  do_not_honor: say('card_declined', 'do_not_honor', 'Your card was declined.', 'try_again_later'),
  fraudulent: say('card_declined', 'fraudulent', 'Your card was declined.', 'do_not_try_again'),
  pickup_card: say('card_declined', 'pickup_card', 'Your card was declined.', 'do_not_try_again'),
  issuer_not_available: say(
    'card_declined',
    'issuer_not_available',
    'Your card was declined.',
    'try_again_later',
  ),
  try_again_later: say('card_declined', 'try_again_later', 'Your card was declined.', 'try_again_later'),
  authentication_required: say(
    'authentication_required',
    'authentication_required',
    'Your card was declined. This transaction requires authentication.',
    'try_again_later',
  ),
} as const satisfies Record<string, Decline>;
