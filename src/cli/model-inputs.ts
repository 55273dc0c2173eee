import { featuresOf } from '../domain/risk/features/library.ts';

/**
 * The checkout features that the training data can teach something about: it has e-mail, customer, amount, time and
 * billing area, and nothing of cards, devices, addresses or outcomes. The others are for policies and for a shop's own model.
 */
const taught = /^(email|mailbox|domain|account|order|area|region)\./;
/** Without these the model is better on every inner time split: they vary much and say nothing, so trees fit their noise. */
const untaught: ReadonlySet<string> = new Set([
  'order.hour',
  'email.trailing_digits',
  'email.disposable',
  'email.tagged',
  'domain.days_known',
]);
/** Never observed in the data: a model that was taught with only one value of a feature does not know the feature. */
const unobserved =
  /new_device|[._](devices|cards|declines|succeeded)_|sign_?up|_change_days|age_days|role|name_|country|postal|coupon|express|item|digital/;

export const checkoutInputs: ReadonlySet<string> = new Set(
  featuresOf('checkout')
    .map((feature) => feature.name)
    .filter((name) => taught.test(name) && !untaught.has(name) && !unobserved.test(name)),
);
