/*
 * Tillgate's drop-in: pays a checkout from the buyer's browser. It needs no library and never sees a card number.
 *
 *   const { outcome, checkout } = await Tillgate.pay({ publishableKey, checkoutId, clientSecret, paymentMethod });
 *
 * outcome   what it means
 * paid      the order is placed; `checkout.order.status` is `held` while a person looks at it
 * declined  the issuer said no: offer another card and call pay again for the same checkout
 * blocked   the shop's policy said no
 * leaving   the browser is on its way to the bank; the page it comes back to calls Tillgate.resume
 * action    the PSP's own library must finish: `checkout.next_action.data`
 * pending   nobody has heard the PSP yet; it settles by itself, ask again with Tillgate.resume
 * closed    the checkout was canceled or has expired
 * refused   the call was not taken; `problem.code` says why
 */
(() => {
  'use strict';

  const origin = new URL(document.currentScript?.src ?? location.href).origin;

  /** How long a buyer is kept waiting for an answer before the page is told that it is still pending. */
  const patienceMs = 60_000;
  const pollMs = 1_000;

  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const randomName = () => toHex(crypto.getRandomValues(new Uint8Array(16)));

  // ---- what the browser observes

  let began = performance.now();
  let pastes = 0;
  document.addEventListener('focusin', () => (began = performance.now()), { once: true });
  document.addEventListener('paste', () => (pastes += 1), { capture: true });

  /** A name for this browser that lasts until its owner clears it; none where storage is forbidden. */
  function deviceId() {
    try {
      const known = localStorage.getItem('tillgate:device') ?? randomName();
      localStorage.setItem('tillgate:device', known);
      return known;
    } catch {
      return undefined;
    }
  }

  /** Mark a field that people do not see with `data-tillgate-honeypot`: programs fill it in. */
  function observed(given = {}) {
    const traps = [...document.querySelectorAll('[data-tillgate-honeypot]')];
    return {
      ...given,
      device: {
        id: deviceId(),
        time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        ...given.device,
      },
      behaviour: {
        form_seconds: Math.min(86_400, Math.round((performance.now() - began) / 1000)),
        pastes: Math.min(1000, pastes),
        ...(traps.length > 0 && { honeypot_filled: traps.some(({ value }) => value !== '') }),
        ...given.behaviour,
      },
    };
  }

  // ---- challenges

  const tries = navigator.hardwareConcurrency ?? 4;

  /** Searches for the counter whose derived key begins as asked (ALTCHA, version 2). */
  async function solveProofOfWork(challenge) {
    const { nonce, salt, cost, keyLength, keyPrefix } = challenge.parameters;
    const password = new Uint8Array([...fromHex(nonce), 0, 0, 0, 0]);
    const derive = async (counter) => {
      const own = password.slice();
      new DataView(own.buffer).setUint32(own.length - 4, counter);
      const key = await crypto.subtle.importKey('raw', own, 'PBKDF2', false, ['deriveBits']);
      const how = { name: 'PBKDF2', hash: 'SHA-256', salt: fromHex(salt), iterations: cost };
      return toHex(new Uint8Array(await crypto.subtle.deriveBits(how, key, keyLength * 8)));
    };
    for (let first = 0; ; first += tries) {
      const keys = await Promise.all(Array.from({ length: tries }, (_, index) => derive(first + index)));
      const found = keys.findIndex((key) => key.startsWith(keyPrefix));
      if (found >= 0) {
        const solution = { counter: first + found, derivedKey: keys[found] };
        return btoa(JSON.stringify({ challenge, solution }));
      }
    }
  }

  /** hCaptcha and Turnstile have widgets of their own: the page shows them in `onChallenge` and answers their token. */
  function solve({ provider, challenge }, onChallenge) {
    if (provider === 'proof_of_work') return solveProofOfWork(challenge);
    return onChallenge?.({ provider, challenge });
  }

  // ---- calls

  /**
   * One call, repeated with the same idempotency key until it is answered: a call whose answer was lost may have been
   * heard, and repeating it under its own key cannot charge twice.
   */
  async function call(caller, method, path, body, onChallenge) {
    const headers = {
      authorization: `Bearer ${caller.publishableKey}`,
      'tillgate-client-secret': caller.clientSecret,
      ...(body && { 'content-type': 'application/json', 'idempotency-key': randomName() }),
    };
    const asked = { method, headers, ...(body && { body: JSON.stringify(body) }), credentials: 'omit' };
    const until = Date.now() + patienceMs;
    let proofs = 0;
    for (let turn = 0; ; turn += 1) {
      const answer = await fetch(origin + path, asked).catch(() => null);
      const document = await answer?.json().catch(() => null);
      if (answer?.ok && document) return { document };
      const unheard = { code: 'unreachable', title: 'The service cannot be reached' };
      const problem = document ?? unheard;
      // The second is for a solution that the provider forgot it had taken when the answer to the call was lost.
      if (problem.challenge && proofs < 2) {
        const solution = await solve(problem.challenge, onChallenge);
        if (solution === undefined) return { problem };
        proofs += 1;
        headers['tillgate-challenge-solution'] = solution;
        continue;
      }
      const waitMs = waitAfter(answer, turn);
      if (waitMs === null || Date.now() + waitMs > until) return { problem };
      await sleep(waitMs);
    }
  }

  /** Null: asking again would not help. */
  function waitAfter(answer, turn) {
    const told = answer?.headers.get('retry-after');
    if (told && [409, 429, 503].includes(answer.status)) return Number(told) * 1000;
    const passing = answer === null || answer.ok || answer.status >= 500;
    return passing ? Math.min(8_000, 500 * 2 ** turn) : null;
  }

  /** Reads the checkout until the payment has been settled. */
  async function settled(caller) {
    const until = Date.now() + patienceMs;
    for (;;) {
      const read = await call(caller, 'GET', `/v1/checkouts/${caller.checkoutId}`);
      if (read.document?.status !== 'processing' || Date.now() > until) return read;
      await sleep(pollMs);
    }
  }

  // ---- what the page calls

  function resultOf({ document: checkout, problem }) {
    if (checkout === undefined) return { outcome: 'refused', problem };
    const outcomes = {
      completed: 'paid',
      open: checkout.decline ? 'declined' : 'blocked',
      requires_action: 'action',
      processing: 'pending',
    };
    return { outcome: outcomes[checkout.status] ?? 'closed', checkout };
  }

  const secretOf = (checkoutId) => `tillgate:secret:${checkoutId}`;

  async function payOnce({ paymentMethod, paymentMethods, store, signals, onChallenge, ...caller }) {
    const body = {
      ...(paymentMethods ? { payment_methods: paymentMethods } : { payment_method: paymentMethod }),
      ...(store !== undefined && { store }),
      signals: observed(signals),
    };
    const path = `/v1/checkouts/${caller.checkoutId}/confirm`;
    let read = await call(caller, 'POST', path, body, onChallenge);
    // Another tab or an earlier click was first: what became of the checkout is the answer to this one too.
    const isUnderWay = ['checkout_processing', 'checkout_not_open'].includes(read.problem?.code);
    if (isUnderWay || read.document?.status === 'processing') read = await settled(caller);
    const action = read.document?.next_action;
    if (action?.kind !== 'redirect') return resultOf(read);
    sessionStorage.setItem(secretOf(caller.checkoutId), caller.clientSecret);
    location.assign(action.url);
    return { outcome: 'leaving', checkout: read.document };
  }

  /** One payment at a time for a checkout: who clicks twice gets one answer twice. */
  const underWay = new Map();

  function pay(asked) {
    const running = underWay.get(asked.checkoutId);
    if (running !== undefined) return running;
    const paying = payOnce(asked).finally(() => underWay.delete(asked.checkoutId));
    underWay.set(asked.checkoutId, paying);
    return paying;
  }

  /** After the bank, or after a reload: what became of the checkout. The secret is remembered within the tab. */
  async function resume({ publishableKey, checkoutId, clientSecret }) {
    const secret = clientSecret ?? sessionStorage.getItem(secretOf(checkoutId));
    if (secret === null) return { outcome: 'refused', problem: { code: 'client_secret_missing' } };
    return resultOf(await settled({ publishableKey, checkoutId, clientSecret: secret }));
  }

  window.Tillgate = Object.freeze({ pay, resume });
})();
