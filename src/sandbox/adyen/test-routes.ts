import { z } from 'zod';
import { faultSchema, type FaultScript } from '../fault-script.ts';
import { playEvent } from './event-script.ts';
import { ledgerLine } from './ledger-lines.ts';
import { reportName } from './report.ts';
import type { Sandbox } from './sandbox.ts';
import { isJson, ok, parseJson, type Reply } from './wire.ts';

const settingsSchema = z.strictObject({
  url: z.string(),
  hmacKey: z.string().regex(/^([0-9A-Fa-f]{2})+$/),
  username: z.string(),
  password: z.string(),
  hold: z.boolean(),
  batch: z.int().min(1),
  shuffle: z.boolean(),
  copies: z.int().min(1),
});

const deliverySchema = z.strictObject({
  ids: z.array(z.int().min(1)).min(1),
  spoilt: z.enum(['signature', 'amount', 'account', 'success']).optional(),
});

const reportSchema = z.strictObject({ day: z.iso.date() });

/** `/_sandbox/…`: what Adyen does not have and tests need. Open to anybody who reaches the port. */
export async function answerTest(
  sandbox: Sandbox,
  faults: FaultScript,
  method: string,
  path: string,
  body: string,
): Promise<Reply> {
  const { ledger, webhooks } = sandbox;
  const input: unknown = body === '' ? {} : parseJson(body);
  switch (`${method} ${path}`) {
    case 'GET /_sandbox/ledger':
      return ok({ payments: [...ledger.payments.values()].map(ledgerLine), movements: ledger.movements });
    case 'GET /_sandbox/faults':
      return ok({ faults: faults.list() });
    case 'POST /_sandbox/faults':
      return checked(faultSchema, input, (fault) => {
        faults.add(fault);
        return ok({ added: fault }, 201);
      });
    case 'DELETE /_sandbox/faults':
      faults.clear();
      return ok({}, 204);
    case 'GET /_sandbox/notifications':
      return ok({
        notifications: ledger.notifications.map((kept) => ({
          ...kept,
          delivered: ledger.delivered.has(kept.id),
        })),
      });
    case 'POST /_sandbox/notifications/deliver':
      return checked(deliverySchema, input, async ({ ids, spoilt }) =>
        ids.every((id) => id <= ledger.notifications.length)
          ? ok({ status: await webhooks.deliver(ids, spoilt) })
          : refused('no such notification'),
      );
    case 'GET /_sandbox/webhooks':
      return ok(webhooks.settings());
    case 'POST /_sandbox/webhooks':
      return checked(
        settingsSchema,
        { ...webhooks.settings(), ...(isJson(input) ? input : {}) },
        (settings) => {
          webhooks.configure(settings);
          return ok(webhooks.settings());
        },
      );
    case 'POST /_sandbox/reports':
      return checked(reportSchema, input, ({ day }) => announceReport(sandbox, day));
    default:
      return event(sandbox, method, path, isJson(input) ? input : {});
  }
}

function event(
  sandbox: Sandbox,
  method: string,
  path: string,
  options: Readonly<Record<string, unknown>>,
): Reply {
  const match = /^\/_sandbox\/payments\/([A-Z0-9]+)(?:\/([a-z_]+))?$/.exec(path);
  const payment = sandbox.ledger.payments.get(match?.[1] ?? '');
  if (match === null || payment === undefined) return ok({ refused: `nothing at ${path}` }, 404);
  if (method === 'GET') return ok(payment);
  const refusal = playEvent(sandbox, payment, match[2] ?? '', options);
  if (refusal === undefined) return ok({ refused: `no event ${match[2] ?? ''}` }, 404);
  const line = sandbox.ledger.payments.get(payment.pspReference) ?? payment;
  return refusal === '' ? ok(ledgerLine(line)) : refused(refusal);
}

/** REPORT_AVAILABLE carries the report's name as `pspReference` and its address as `reason`. */
function announceReport(sandbox: Sandbox, day: string): Reply {
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
  return ok({ url }, 201);
}

function refused(reason: string): Reply {
  return ok({ refused: reason }, 422);
}

function checked<T>(
  schema: z.ZodType<T>,
  input: unknown,
  act: (value: T) => Reply | Promise<Reply>,
): Reply | Promise<Reply> {
  const parsed = schema.safeParse(input);
  return parsed.success ? act(parsed.data) : refused(z.prettifyError(parsed.error));
}
