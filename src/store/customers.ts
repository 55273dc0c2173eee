import { z } from 'zod';
import type {
  Customer,
  PaymentMethod,
  PaymentMethodState,
  RemovedMethod,
} from '../domain/customer/customer.ts';
import type { RepliedRequest } from '../domain/request.ts';
import { unreachable } from '../kernel/unreachable.ts';
import type { Database } from './database.ts';
import { StoreFault } from './fault.ts';
import { repliedRow, requests } from './requests.ts';
import { id, instant, toTimestamp, written } from './rows/columns.ts';
import { raw, sql } from './sql.ts';
import { gated } from './statement.ts';
import type { Store } from './store.ts';
import { insertGate, insertThrough, table } from './table.ts';

const customers = table('customers', {
  merchant_id: 'text',
  id: 'text',
  reference: 'text',
  created_at: 'timestamptz',
});

const methods = table('payment_methods', {
  merchant_id: 'text',
  customer_id: 'text',
  id: 'text',
  state: 'text',
  psp: 'text',
  psp_account: 'text',
  psp_customer: 'text',
  psp_reference: 'text',
  detail: 'jsonb',
  created_at: 'timestamptz',
  changed_at: 'timestamptz',
});

const customerRow = z.object({
  merchant_id: id('mer'),
  id: id('cus'),
  reference: z.string().nullable(),
  created_at: instant,
});

const methodRow = z.object({
  merchant_id: id('mer'),
  customer_id: id('cus'),
  id: id('pm'),
  state: z.enum(['pending', 'stored', 'declined', 'removed']),
  psp: z.enum(['stripe', 'adyen']),
  psp_account: z.string(),
  psp_customer: z.string().nullable(),
  psp_reference: z.string().nullable(),
  detail: written<object>(),
  created_at: instant,
  changed_at: instant,
});

const methodColumns = raw(
  'merchant_id, customer_id, id, state, psp, psp_account, psp_customer, psp_reference, detail, created_at, changed_at',
);

function fromCustomerRow(row: unknown): Customer {
  const { merchant_id, created_at, ...rest } = customerRow.parse(row);
  return { ...rest, merchantId: merchant_id, createdAt: created_at };
}

function fromMethodRow(row: unknown): PaymentMethod {
  const read = methodRow.parse(row);
  return {
    id: read.id,
    merchantId: read.merchant_id,
    customerId: read.customer_id,
    psp: read.psp,
    pspAccount: read.psp_account,
    pspCustomer: read.psp_customer,
    pspReference: read.psp_reference,
    createdAt: read.created_at,
    changedAt: read.changed_at,
    // What was removed before tokens were kept has none.
    ...({ token: null, ...read.detail, state: read.state } as PaymentMethodState),
  };
}

function toMethodRow(method: PaymentMethod) {
  return {
    merchant_id: method.merchantId,
    customer_id: method.customerId,
    id: method.id,
    state: method.state,
    psp: method.psp,
    psp_account: method.pspAccount,
    psp_customer: method.pspCustomer,
    psp_reference: method.pspReference,
    detail: JSON.stringify(detailOf(method)),
    created_at: toTimestamp(method.createdAt),
    changed_at: toTimestamp(method.changedAt),
  };
}

function detailOf(method: PaymentMethod): object {
  switch (method.state) {
    case 'pending':
      return { action: method.action };
    case 'stored':
      return { token: method.token, card: method.card };
    case 'declined':
      return { decline: method.decline };
    case 'removed':
      return { token: method.token };
    default:
      return unreachable(method);
  }
}

export function customerQueries(database: Database): Store['customers'] {
  const once = async (
    request: RepliedRequest,
    part: ReturnType<typeof insertThrough>,
  ): Promise<'saved' | 'request_taken'> => {
    try {
      await database.run(gated([[insertGate(requests, repliedRow(request, null), 'scope'), part]]));
      return 'saved';
    } catch (fault) {
      if (fault instanceof StoreFault && fault.constraint === 'request_key_is_unique') return 'request_taken';
      throw fault;
    }
  };
  return {
    create: async (customer, request) => {
      const row = {
        merchant_id: customer.merchantId,
        id: customer.id,
        reference: customer.reference,
        created_at: toTimestamp(customer.createdAt),
      };
      try {
        return await once(request, insertThrough(request.scope, customers, [row]));
      } catch (fault) {
        if (fault instanceof StoreFault && fault.constraint === 'customer_reference_is_unique')
          return 'reference_taken';
        throw fault;
      }
    },
    find: async (merchantId, customerId) => {
      const [row] = await database.rows(sql`select merchant_id, id, reference, created_at from customers
        where merchant_id = ${merchantId} and id = ${customerId}`);
      return row === undefined ? null : fromCustomerRow(row);
    },
    methods: async (merchantId, customerId) => {
      const rows = await database.rows(sql`select ${methodColumns} from payment_methods
        where merchant_id = ${merchantId} and customer_id = ${customerId} order by created_at, id`);
      return rows.map(fromMethodRow);
    },
    findMethod: async (merchantId, methodId) => {
      const [row] = await database.rows(sql`select ${methodColumns} from payment_methods
        where id = ${methodId} and merchant_id = ${merchantId}`);
      return row === undefined ? null : fromMethodRow(row);
    },
    addMethod: (method, request) =>
      once(request, insertThrough(request.scope, methods, [toMethodRow(method)])),
    changeMethod: async (before, after) => {
      const row = toMethodRow(after);
      const rows = await database.rows(sql`update payment_methods set state = ${row.state},
          psp_customer = ${row.psp_customer}, psp_reference = ${row.psp_reference}, detail = ${row.detail}::jsonb,
          changed_at = ${row.changed_at}::timestamptz, detach_at = ${detachAt(after)}::timestamptz
        where merchant_id = ${before.merchantId} and customer_id = ${before.customerId} and id = ${before.id}
          and state = ${before.state} returning 1`);
      return rows.length === 1;
    },
    claimToDetach: async (now, limit) => {
      const at = toTimestamp(now);
      const rows =
        await database.rows(sql`update payment_methods set detach_at = ${at}::timestamptz + interval '1 hour'
        where id in (select id from payment_methods where detach_at <= ${at}::timestamptz
          order by detach_at limit ${limit} for update skip locked) returning ${methodColumns}`);
      return rows.map(fromMethodRow).filter((each): each is RemovedMethod => each.state === 'removed');
    },
  };
}

function detachAt(method: PaymentMethod): string | null {
  return method.state === 'removed' && method.token !== null ? toTimestamp(method.changedAt) : null;
}
