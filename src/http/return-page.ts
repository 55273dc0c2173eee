import type { Express, Request } from 'express';
import { isRefusal } from '../domain/refusal.ts';
import { completeAction } from '../flows/complete-action.ts';
import { isId } from '../kernel/ids.ts';
import type { Door } from './door.ts';
import { requestId } from './edge/address.ts';
import { traceOf } from './trace-of.ts';

/**
 * Where the buyer's browser lands after 3-D Secure. The PSP is asked what happened, and the browser is sent on to the
 * shop, which reads the checkout from its server.
 */
export function addReturnPage(app: Express, door: Door): void {
  const land = async (request: Request, brought: Record<string, string>) => {
    const { merchant, checkout } = request.params;
    if (typeof merchant !== 'string' || typeof checkout !== 'string') return null;
    if (!isId('mer', merchant) || !isId('chk', checkout)) return null;
    const deps = { ...door.deps, trace: traceOf('work', request, door.random) };
    const purchase = await completeAction(deps, { merchantId: merchant, checkoutId: checkout, brought });
    return isRefusal(purchase) ? null : purchase.checkout;
  };
  app.get('/return/:merchant/:checkout', async (request, response) => {
    const id = requestId(request, door.deps.newId);
    const { searchParams } = new URL(request.originalUrl, 'http://return.invalid');
    const checkout = await land(request, Object.fromEntries(searchParams));
    if (checkout === null) {
      door.sendProblem(response, { code: 'not_found' }, id);
      return;
    }
    if (checkout.returnUrl === undefined) {
      const text = 'Thank you. You can close this page and go back to the shop.';
      response
        .writeHead(200, { ...door.headers, 'content-type': 'text/plain; charset=utf-8', 'request-id': id })
        .end(text);
      return;
    }
    const location = new URL(checkout.returnUrl);
    location.searchParams.set('checkout', checkout.id);
    response.writeHead(303, { ...door.headers, location: location.href, 'request-id': id }).end();
  });
}
