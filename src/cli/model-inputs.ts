import { featuresOf } from '../domain/risk/features/library.ts';

/**
 * The checkout features that the training data can teach something about: it has e-mail, customer, amount, time and
 * billing area, and nothing of cards, devices, addresses or outcomes. The others are for policies and for a shop's own model.
 */
const taught = /^(email|mailbox|domain|account|order|area)\./;
const untaught: ReadonlySet<string> = new Set([]);

export const checkoutInputs: ReadonlySet<string> = new Set(
  featuresOf('checkout')
    .map((feature) => feature.name)
    .filter((name) => taught.test(name) && !untaught.has(name)),
);
