import { unreachable } from '../../kernel/unreachable.ts';
import type { AttemptRequest } from '../payment/attempt.ts';
import type { Authentication } from '../payment/outcome.ts';
import type { Exemption } from '../risk/assessment.ts';
import type { Region } from './region.ts';

/** EMV 3-D Secure: yes, attempted, no, unavailable, challenge, decoupled challenge, rejected, informational. */
export type TransStatus = 'Y' | 'A' | 'N' | 'U' | 'C' | 'D' | 'R' | 'I';

/** The electronic commerce indicator of a scheme: Visa's 05 06 07, Mastercard's 02 01 00. */
export type Eci = '05' | '06' | '07' | '02' | '01' | '00';

export type AuthenticationFacts = {
  /** Null: nobody asked the issuer. */
  readonly transStatus: TransStatus | null;
  readonly eci: Eci | null;
  readonly exemption: Exemption | null;
  readonly initiator: AttemptRequest['initiator'];
  readonly region: Region;
};

export type AuthenticationVerdict = {
  /** What may be done now: authorise, see the buyer first, or give up. */
  readonly proceed: 'authorize' | 'challenge' | 'refuse';
  /** Who bears the loss if it is authorised now and turns out to be fraud. */
  readonly liability: Authentication['liability'];
  readonly because: string;
};

/**
 * What a result of 3-D Secure is worth. The first of these that applies decides: a no, a buyer who is not there, a
 * challenge that is not over, an exemption (whoever asks for one bears the loss), and only then the result itself.
 */
export function judgeAuthentication(facts: AuthenticationFacts): AuthenticationVerdict {
  const { transStatus, eci, exemption, initiator, region } = facts;
  if (transStatus === 'N') return refused('the buyer could not be authenticated');
  if (transStatus === 'R') return refused('the issuer forbids the payment');
  if (initiator === 'merchant') return own('the buyer is not there');
  if (transStatus === 'C' || transStatus === 'D') return challenge('the challenge is not over');
  if (exemption !== null) return own(`an exemption was asked for: ${exemption}`);
  switch (transStatus) {
    case null:
      return region === 'other' ? own('nobody asked the issuer') : challenge('the law asks for it');
    case 'Y':
      return isNone(eci) ? own('the scheme does not vouch for it') : issuers('the issuer knows the buyer');
    case 'A':
      return isNone(eci) ? own('the scheme does not vouch for it') : issuers('the issuer was asked in vain');
    case 'U':
      return own('the issuer could not be reached');
    case 'I':
      return own('the issuer was only informed');
    default:
      return unreachable(transStatus);
  }
}

/**
 * Who bears the loss of an authorised attempt. The PSP's word stands, but for what it does not know or does not say:
 * that the buyer was not there, or was authenticated elsewhere.
 */
export function liabilityOf(
  request: Pick<AttemptRequest, 'initiator' | 'external3ds'>,
  said: Authentication,
): Authentication['liability'] {
  if (request.initiator === 'merchant' || said.method === 'exempted') return 'merchant';
  return request.external3ds !== undefined && !isNone(request.external3ds.eci) ? 'issuer' : said.liability;
}

function isNone(eci: string | null): boolean {
  return eci === '07' || eci === '00';
}

function issuers(because: string): AuthenticationVerdict {
  return { proceed: 'authorize', liability: 'issuer', because };
}

function own(because: string): AuthenticationVerdict {
  return { proceed: 'authorize', liability: 'merchant', because };
}

function challenge(because: string): AuthenticationVerdict {
  return { proceed: 'challenge', liability: 'merchant', because };
}

function refused(because: string): AuthenticationVerdict {
  return { proceed: 'refuse', liability: 'merchant', because };
}
