import type { MovementId } from '../../kernel/ids.ts';
import type { Money } from '../../kernel/money.ts';

/**
 * One movement of money between two accounts. It names both sides, so it is balanced by construction; rows are never
 * updated or deleted.
 *
 * Accounts: `sales` (what orders earned), `psp:<psp>:<account>` (what the PSP owes us), `disputes` (held back by
 * issuers).
 */
export type Posting = {
  /** What moved: a capture or refund, or a dispute's own movement. */
  readonly cause: MovementId | `dsp_${string}`;
  readonly debit: LedgerAccount;
  readonly credit: LedgerAccount;
  /** Always above zero. */
  readonly amount: Money;
};

export type LedgerAccount = 'sales' | 'disputes' | `psp:${string}:${string}`;
