import { html, type Answer } from '../answer.ts';
import type { Incoming } from '../http-server.ts';
import { ApiError } from './api-error.ts';
import { authenticated } from './authorise.ts';
import type { PaymentIntent } from './objects/payment-intent.ts';
import type { SetupIntent } from './objects/setup-intent.ts';
import { parseForm } from './params.ts';
import { setupAuthenticated } from './routes/setup-intents.ts';
import type { World } from './world.ts';

const banner = '<p><strong>This is the stand-in Stripe. No money moves.</strong></p>';

function page(title: string, content: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}
strong{background:#ffe08a;padding:.2rem .4rem}button{font:inherit;padding:.6rem 1.2rem;margin-right:.5rem}</style>
</head><body>${banner}<h1>${title}</h1>${content}</body></html>`;
}

export function homePage(): Answer {
  return html(
    200,
    page(
      'Stand-in Stripe',
      '<p>The API is under <code>/v1</code>, for any key that starts with <code>sk_test_</code>. Scripts for tests are under <code>/_sandbox</code>.</p>',
    ),
  );
}

type Intent = PaymentIntent | SetupIntent;

/** The bank's challenge: `/3ds/<account>/<intent>`, shown by GET and decided by POST. */
export function challengePage(world: World, incoming: Incoming): Answer {
  const [, , accountId = '', id = ''] = incoming.path.split('/');
  const account = world.accounts.get(accountId);
  const intent: Intent | undefined =
    account?.tables.payment_intent.get(id) ?? account?.tables.setup_intent.get(id);
  if (account === undefined || intent === undefined)
    return html(404, page('Nothing to authenticate', '<p>There is no such payment here.</p>'));
  if (incoming.method !== 'POST') return html(200, challengeForm(intent));
  const form = parseForm(incoming.body);
  const returnUrl = returnUrlOf(intent) ?? form['return_url'];
  const after =
    intent.status === 'requires_action' ? decide(world, intent, form['result'] === 'succeeded') : intent;
  if (typeof returnUrl !== 'string' || returnUrl === '')
    return html(200, page('Done', `<p>The payment is now ${after.status}. You may close this page.</p>`));
  return { status: 303, headers: { location: withResult(returnUrl, after) }, body: '' };
}

/** Applies the buyer's choice; also what the script for tests without a browser calls. */
export function decide(world: World, intent: Intent, passed: boolean): Intent {
  const { account } = world.owner(intent.object, intent.id);
  const books = world.open(account, { requestId: null, key: null });
  try {
    return intent.object === 'payment_intent'
      ? authenticated(books, intent, passed)
      : setupAuthenticated(books, intent, passed);
  } catch (error) {
    // The issuer's no after the challenge is in the intent; the buyer's browser is told by the redirect.
    if (!(error instanceof ApiError)) throw error;
    return books.find(intent.object, intent.id);
  } finally {
    world.commit(books);
  }
}

function returnUrlOf(intent: Intent): string | undefined {
  return intent.next_action?.type === 'redirect_to_url'
    ? intent.next_action.redirect_to_url.return_url
    : undefined;
}

function withResult(returnUrl: string, intent: Intent): string {
  const url = new URL(returnUrl);
  url.searchParams.set(intent.object, intent.id);
  url.searchParams.set(`${intent.object}_client_secret`, intent.client_secret);
  const passed =
    intent.status === 'succeeded' || intent.status === 'requires_capture' || intent.status === 'processing';
  url.searchParams.set('redirect_status', passed ? 'succeeded' : 'failed');
  return url.href;
}

function challengeForm(intent: Intent): string {
  if (intent.status !== 'requires_action')
    return page('Already decided', `<p>This payment is ${intent.status}.</p>`);
  const what =
    intent.object === 'payment_intent'
      ? `a payment of ${intent.amount} ${intent.currency.toUpperCase()} (minor units)`
      : 'storing this card';
  const back = (returnUrlOf(intent) ?? '').replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  return page(
    '3-D Secure',
    `<p>The stand-in bank asks whether you want to authorise ${what}.</p>
<form method="post"><input type="hidden" name="return_url" value="${back}">
<button name="result" value="succeeded" id="complete">Complete</button>
<button name="result" value="failed" id="fail">Fail</button></form>`,
  );
}
