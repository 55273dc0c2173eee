import type { Metadata } from './metadata.ts';

export type DisputeStatus =
  | 'warning_needs_response'
  | 'warning_under_review'
  | 'warning_closed'
  | 'needs_response'
  | 'under_review'
  | 'charge_refunded'
  | 'won'
  | 'lost';

export type Dispute = {
  readonly id: string;
  readonly object: 'dispute';
  readonly amount: number;
  readonly balance_transactions: readonly [];
  readonly charge: string;
  readonly created: number;
  readonly currency: string;
  readonly enhanced_eligibility_types: readonly [];
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly evidence_details: {
    readonly due_by: number;
    readonly enhanced_eligibility: Readonly<Record<string, never>>;
    readonly has_evidence: boolean;
    readonly past_due: false;
    readonly submission_count: number;
    readonly submission_method: 'manual' | null;
  };
  readonly intended_submission_method: null;
  readonly is_charge_refundable: boolean;
  readonly livemode: false;
  readonly metadata: Metadata;
  readonly network_reason_code: string;
  readonly payment_intent: string;
  readonly reason: string;
  readonly status: DisputeStatus;
};

export type EarlyFraudWarning = {
  readonly id: string;
  readonly object: 'radar.early_fraud_warning';
  readonly actionable: boolean;
  readonly charge: string;
  readonly created: number;
  readonly fraud_type: string;
  readonly livemode: false;
  readonly payment_intent: string;
};
