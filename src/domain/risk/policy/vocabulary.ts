import type { AssessmentEvent } from '../decision.ts';
import type { EntityKind } from '../entities.ts';
import type { Signals } from '../signals.ts';
import { toMoneyText, type Finding, type TermType } from './condition.ts';

/** One name that conditions may use. */
export type Term = { readonly name: string; readonly type: TermType; readonly text: string };

/**
 * A value that names a person or a thing of theirs. Conditions can look its keyed hash up in a list and nothing else, so
 * that no policy file, stored finding or log line ever holds one.
 */
export type PersonalTerm = {
  readonly name: string;
  readonly kind: EntityKind;
  readonly text: string;
  /** The signals of somebody with this value, as an analyst types it. */
  readonly signalsOf: (value: string) => Signals;
};

type SignalTerm = Term & { readonly read: (signals: Signals) => Finding | undefined };

/** Signals that are worth a rule as they are; everything counted or compared is a feature. */
export const signalTerms: readonly SignalTerm[] = [
  money('order.amount', 'What the buyer is about to pay', (s) => s.order && toMoneyText(s.order.total)),
  text('order.currency', 'Currency of the order, ISO 4217', (s) => s.order?.total.currency),
  text('card.bin', 'First six to eight digits of the card number', (s) => s.card?.bin),
  text('card.country', 'Country of the card, ISO 3166-1 alpha-2', (s) => s.card?.country),
  text('card.funding', 'credit, debit, prepaid or unknown', (s) => s.card?.funding),
  text('billing.country', 'Country of the billing address', (s) => s.billing?.country),
  text('billing.state', 'State of the billing address', (s) => s.billing?.state),
  text('shipping.country', 'Country of the shipping address', (s) => s.shipping?.country),
  text('shipping.state', 'State of the shipping address', (s) => s.shipping?.state),
  text('device.time_zone', 'IANA time zone that the browser reports', (s) => s.device?.timeZone),
  text('psp.avs', 'Address check of an earlier attempt: match, partial or no_match', (s) => s.psp?.avs),
  text('psp.cvc', 'Security code check of an earlier attempt: match or no_match', (s) => s.psp?.cvc),
];

export const personalTerms: readonly PersonalTerm[] = [
  {
    name: 'email.address',
    kind: 'mailbox',
    text: 'E-mail address, canonical form',
    signalsOf: (email) => ({ email }),
  },
  {
    name: 'email.domain',
    kind: 'domain',
    text: 'Domain of the e-mail address',
    signalsOf: (domain) => ({ email: `somebody@${domain}` }),
  },
  { name: 'phone.number', kind: 'phone', text: 'Phone number', signalsOf: (phone) => ({ phone }) },
  {
    name: 'account.id',
    kind: 'account',
    text: "The shop's id of the customer",
    signalsOf: (id) => ({ account: { id } }),
  },
  {
    name: 'card.fingerprint',
    kind: 'card',
    text: "The PSP's fingerprint of the card",
    signalsOf: (fingerprint) => ({ card: { fingerprint } }),
  },
  {
    name: 'device.id',
    kind: 'device',
    text: 'Id of the browser or phone',
    signalsOf: (id) => ({ device: { id } }),
  },
  { name: 'ip.address', kind: 'ip', text: 'Network address', signalsOf: (ip) => ({ device: { ip } }) },
  {
    name: 'ip.network',
    kind: 'network',
    text: 'The /24 or /48 around the network address',
    signalsOf: (network) => ({ device: { ip: network.replace(/\/(24|48)$/, '') } }),
  },
  // A postal address is not one text; it comes onto a list by an assessment that saw it.
  { name: 'shipping.address', kind: 'address', text: 'Shipping address', signalsOf: () => ({}) },
];

export const scoreTerm: Term = {
  name: 'score',
  type: 'number',
  text: 'Calibrated probability of fraud by the model that the policy names, 0 to 1',
};

/** What the conditions of one event may read. */
export type Vocabulary = {
  readonly event: AssessmentEvent;
  readonly terms: readonly Term[];
  readonly personal: readonly PersonalTerm[];
};

/** A name that is declared twice would mean two things; that is a fault of ours, found at start. */
export function createVocabulary(event: AssessmentEvent, features: readonly Term[]): Vocabulary {
  const declared = new Set(features.map((feature) => feature.name));
  const twice = [...signalTerms, ...personalTerms, scoreTerm].find((term) => declared.has(term.name));
  if (twice) throw new Error(`a feature and a signal are both named ${twice.name}`);
  return { event, terms: [...signalTerms, ...features], personal: personalTerms };
}

function text(name: string, meaning: string, read: SignalTerm['read']): SignalTerm {
  return { name, type: 'string', text: meaning, read };
}

function money(name: string, meaning: string, read: SignalTerm['read']): SignalTerm {
  return { name, type: 'money', text: meaning, read };
}
