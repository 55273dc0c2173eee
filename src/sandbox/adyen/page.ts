import { redirectResult, threeDSResult } from './shopper.ts';
import { latest, type Sandbox } from './sandbox.ts';

/**
 * The page of the issuer, where a person decides. A redirect goes back to the merchant's return URL with
 * `redirectResult`; a challenge in a frame hands its `threeDSResult` to the page around it by `postMessage`.
 * Undefined when nobody waits for this token.
 */
export function issuerPage(sandbox: Sandbox, token: string): string | undefined {
  const pspReference = sandbox.ledger.byToken.get(token);
  if (pspReference === undefined) return undefined;
  const { amount, merchantAccount, returnUrl, state } = latest(sandbox, pspReference);
  if (state.is !== 'waiting' || state.step.token !== token)
    return page('<p>This payment is already decided.</p>');
  const choices =
    state.step.kind === 'redirect'
      ? redirectChoices(returnUrl, token)
      : [message('Approve', threeDSResult(token, 'Y')), message('Decline', threeDSResult(token, 'N'))].join(
          '\n',
        );
  return page(
    `<p>${escaped(merchantAccount)} asks for ${amount.value} minor units of ${escaped(amount.currency)}.</p>\n${choices}`,
  );
}

function redirectChoices(returnUrl: string, token: string): string {
  const link = (text: string, outcome: 'Y' | 'N' | 'cancelled') => {
    const url = new URL(returnUrl);
    url.searchParams.set('redirectResult', redirectResult(token, outcome));
    return `<a href="${escaped(url.href)}" id="${text.toLowerCase()}">${text}</a>`;
  };
  return [link('Approve', 'Y'), link('Decline', 'N'), link('Cancel', 'cancelled')].join('\n');
}

function message(text: string, result: string): string {
  const script = `parent.postMessage({ type: 'adyen-sandbox', threeDSResult: '${result}' }, '*')`;
  return `<button id="${text.toLowerCase()}" onclick="${escaped(script)}">${text}</button>`;
}

function page(content: string): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Stand-in issuer</title>
<style>body{font:1.1rem system-ui;max-width:32rem;margin:4rem auto;padding:0 1rem}
a,button{display:inline-block;margin:.5rem 1rem .5rem 0;padding:.6rem 1.2rem;font:inherit}</style>
<h1>Your bank (a stand-in)</h1>
<p>This page belongs to the stand-in Adyen. No money moves here.</p>
${content}
</html>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
