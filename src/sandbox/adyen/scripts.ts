import { z } from 'zod';
import { json, type Answer } from '../answer.ts';
import { faultSchema } from '../fault-script.ts';
import type { Incoming } from '../http-server.ts';
import { playEvent } from './event-script.ts';
import { ledgerLine } from './ledger-lines.ts';
import { reportName } from './report.ts';
import type { Sandbox } from './sandbox.ts';
import { redirectResult, threeDSResult } from './shopper.ts';
import { isJson, parseJson } from './wire.ts';

/** A script that cannot be played, with the reason. */
type Refused = { readonly refused: string };

type Script = (sandbox: Sandbox, body: unknown) => unknown;

/** A script with a schema for its JSON body. */
function script<T>(schema: z.ZodType<T>, act: (sandbox: Sandbox, input: T) => unknown): Script {
  return (sandbox, body) => {
    const parsed = schema.safeParse(body);
    return parsed.success ? act(sandbox, parsed.data) : refused(z.prettifyError(parsed.error));
  };
}

const settingsSchema = z.strictObject({
  url: z.string(),
  hmacKey: z.string().regex(/^([0-9A-Fa-f]{2})+$/),
  username: z.string(),
  password: z.string(),
  hold: z.boolean(),
  batch: z.int().min(1),
  shuffle: z.boolean(),
  copies: z.int().min(0).max(100),
});

const scripts: Readonly<Record<string, Script>> = {
  /** One fault or a list of them. */
  'POST faults': (sandbox, body) =>
    script(z.array(faultSchema), ({ faults }, given) => {
      for (const fault of given) faults.add(fault);
      return { faults: faults.list() };
    })(sandbox, [body].flat()),
  'GET faults': ({ faults }) => ({ faults: faults.list() }),
  'DELETE faults': ({ faults }) => {
    faults.clear();
    return { faults: [] };
  },
  'GET webhooks': ({ webhooks }) => webhooks.settings(),
  /** Changes the settings that are named and keeps the others; without `hold`, what was held goes out. */
  'POST webhooks': (sandbox, body) =>
    script(settingsSchema, ({ webhooks }, settings) => {
      webhooks.configure(settings);
      return settings;
    })(sandbox, { ...sandbox.webhooks.settings(), ...(isJson(body) ? body : {}) }),
  'GET notifications': ({ ledger }) => ({
    notifications: ledger.notifications.map((kept) => ({
      ...kept,
      delivered: ledger.delivered.has(kept.id),
    })),
  }),
  'POST notifications/deliver': script(
    z.strictObject({
      ids: z.array(z.int().min(1)).min(1),
      spoilt: z.enum(['signature', 'amount', 'account', 'success']).optional(),
    }),
    async ({ ledger, webhooks }, { ids, spoilt }) =>
      ids.every((id) => id <= ledger.notifications.length)
        ? { status: await webhooks.deliver(ids, spoilt) }
        : refused('no such notification'),
  ),
  /** What the shopper of a waiting payment would bring back, ready for `/payments/details`. */
  'POST shopper': script(
    z.strictObject({
      reference: z.string(),
      result: z.enum(['Y', 'A', 'N', 'R', 'U', 'I', 'cancelled']).default('Y'),
    }),
    ({ ledger }, { reference, result }) => {
      const payment = [...ledger.payments.values()].findLast((each) => each.reference === reference);
      if (payment?.state.is !== 'waiting') return refused('this payment waits for nobody');
      const { kind, token } = payment.state.step;
      return kind === 'redirect'
        ? { details: { redirectResult: redirectResult(token, result) } }
        : { details: { threeDSResult: threeDSResult(token, result) } };
    },
  ),
  'POST reports': script(z.strictObject({ day: z.iso.date() }), announceReport),
};

/** `/_sandbox/…`: what Adyen does not have and tests need. Open to anybody who reaches the port. */
export async function answerScript(sandbox: Sandbox, incoming: Incoming): Promise<Answer> {
  const { method, path } = incoming;
  const name = path.slice('/_sandbox/'.length);
  if (method === 'GET' && name === 'ledger')
    return ledgerAnswer(sandbox, new URLSearchParams(incoming.query));
  if (method === 'GET' && name === 'movements') return lines(sandbox.ledger.movements);
  const body: unknown = incoming.body === '' ? {} : parseOrList(incoming.body);
  const act = Object.hasOwn(scripts, `${method} ${name}`) ? scripts[`${method} ${name}`] : undefined;
  const result = act === undefined ? event(sandbox, method, name, body) : await act(sandbox, body);
  return json(isJson(result) && 'refused' in result ? 422 : 200, result);
}

/** `payments/{pspReference}` tells all about one payment, `payments/{pspReference}/{event}` makes something happen. */
function event(sandbox: Sandbox, method: string, name: string, body: unknown): unknown {
  const [collection, pspReference = '', happening = ''] = name.split('/');
  const payment = collection === 'payments' ? sandbox.ledger.payments.get(pspReference) : undefined;
  if (payment === undefined) return refused(`the stand-in has no script ${method} ${name}`);
  if (method === 'GET') return payment;
  const why = playEvent(sandbox, payment, happening, isJson(body) ? body : {});
  if (why === undefined) return refused(`no event ${happening}`);
  return why === '' ? ledgerLine(sandbox.ledger.payments.get(pspReference) ?? payment) : refused(why);
}

/** The money truth, one payment a line; of one merchant account with `account`, else of all. */
function ledgerAnswer({ ledger }: Sandbox, query: URLSearchParams): Answer {
  const account = query.get('account');
  const payments = [...ledger.payments.values()];
  return lines(
    payments.filter((each) => account === null || each.merchantAccount === account).map(ledgerLine),
  );
}

function lines(values: readonly unknown[]): Answer {
  const body = values.map((value) => `${JSON.stringify(value)}\n`).join('');
  return { status: 200, headers: { 'content-type': 'application/x-ndjson' }, body };
}

/** REPORT_AVAILABLE carries the report's name as `pspReference` and its address as `reason`. */
function announceReport(sandbox: Sandbox, { day }: { day: string }): unknown {
  const name = reportName(day);
  const url = `${sandbox.origin()}/reports/${name}`;
  sandbox.webhooks.announce({
    additionalData: {},
    amount: { value: 0, currency: 'EUR' },
    eventCode: 'REPORT_AVAILABLE',
    eventDate: new Date(sandbox.now()).toISOString(),
    merchantAccountCode: sandbox.account.merchantAccounts[0] ?? '',
    merchantReference: '',
    pspReference: name,
    reason: url,
    success: 'true',
  });
  return { url };
}

function parseOrList(text: string): unknown {
  return text.startsWith('[') ? (parseJson(`{"list":${text}}`)?.['list'] ?? undefined) : parseJson(text);
}

function refused(reason: string): Refused {
  return { refused: reason };
}
