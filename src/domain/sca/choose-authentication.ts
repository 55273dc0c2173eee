import type { Money } from '../../kernel/money.ts';
import { unreachable } from '../../kernel/unreachable.ts';
import type { AttemptRequest } from '../payment/attempt.ts';
import type { Exemption } from '../risk/assessment.ts';
import type { Region } from './region.ts';

export type ScaQuestion = {
  readonly total: Money;
  readonly region: Region;
  readonly initiator: AttemptRequest['initiator'];
  /** What risk wants, whatever the law allows. */
  readonly wanted: AttemptRequest['authentication'];
  /** The exemptions that the policy would ask for, strongest first. */
  readonly allowed: readonly Exemption[];
  /** A 3-D Secure server outside the PSP has seen the buyer. */
  readonly isAuthenticated: boolean;
  /** Fraud by value of the acquirer over the last 90 days, as a share; absent when it is not known. */
  readonly fraudRate?: number;
};

type Sca = Pick<AttemptRequest, 'authentication' | 'exemption'>;

/**
 * What is asked of the issuer. An exemption is only a wish: the PSP and the issuer decide, and whoever asks bears the
 * loss. Outside the regions that demand authentication there is nothing to be exempted from.
 */
export function chooseAuthentication(question: ScaQuestion): Sca {
  if (question.isAuthenticated) return { authentication: 'automatic' };
  // Out of scope, not exempted: the buyer is not there, and agreed when the method was stored.
  if (question.initiator === 'merchant')
    return { authentication: 'automatic', exemption: 'merchant_initiated' };
  if (question.wanted === 'challenge') return { authentication: 'challenge' };
  const exemption = question.allowed.find((each) => mayAskFor(each, question));
  return { authentication: 'automatic', ...(exemption === undefined ? {} : { exemption }) };
}

function mayAskFor(exemption: Exemption, { region, total, fraudRate }: ScaQuestion): boolean {
  if (region === 'other') return false;
  switch (exemption) {
    case 'transaction_risk_analysis':
      return isWithin(total, region, traLimit(region, fraudRate));
    case 'low_value':
      return isWithin(total, region, lowValue[region]);
    case 'trusted_beneficiary':
      return true;
    // Only a payment without the buyer is one, and that is no wish.
    case 'merchant_initiated':
      return false;
    default:
      return unreachable(exemption);
  }
}

/** Amounts are compared in the law's own currency only: a rate of exchange that is wrong would be a wrong claim. */
function isWithin(total: Money, region: 'eea' | 'uk', limitMinor: bigint): boolean {
  return total.currency === currencyOf[region] && total.amount <= limitMinor;
}

const currencyOf: Readonly<Record<'eea' | 'uk', string>> = { eea: 'EUR', uk: 'GBP' };

/**
 * Article 16 of the RTS on strong customer authentication: 30 euros (Delegated Regulation (EU) 2018/389), 25 pounds (the
 * FCA's technical standards, handbook.fca.org.uk/technical-standards). The issuer counts how many in a row.
 */
const lowValue: Readonly<Record<'eea' | 'uk', bigint>> = { eea: 3_000n, uk: 2_500n };

/** Reference fraud rates of the RTS' annex for cards, and up to which amount each allows the exemption. */
const traBands: readonly { readonly rateMax: number; readonly eea: bigint; readonly uk: bigint }[] = [
  { rateMax: 0.0001, eea: 50_000n, uk: 44_000n },
  { rateMax: 0.0006, eea: 25_000n, uk: 22_000n },
  { rateMax: 0.0013, eea: 10_000n, uk: 8_500n },
];

/** An acquirer that offers the exemption at all is in the widest band; more has to be known. */
function traLimit(region: 'eea' | 'uk', fraudRate = 0.0013): bigint {
  return traBands.find(({ rateMax }) => fraudRate <= rateMax)?.[region] ?? 0n;
}
