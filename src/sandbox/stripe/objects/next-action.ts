/** Where the buyer goes to authenticate: a redirect when there is a page to come back to, else through stripe.js. */
export type NextAction =
  | {
      readonly type: 'redirect_to_url';
      readonly redirect_to_url: { readonly url: string; readonly return_url: string };
    }
  | {
      readonly type: 'use_stripe_sdk';
      readonly use_stripe_sdk: { readonly type: 'three_d_secure_redirect'; readonly stripe_js: string };
    };

export function nextAction(pageUrl: string, returnUrl: string | undefined): NextAction {
  return returnUrl === undefined
    ? { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: pageUrl } }
    : { type: 'redirect_to_url', redirect_to_url: { url: pageUrl, return_url: returnUrl } };
}
