import { hourMs, minuteMs, secondMs } from '../../kernel/instant.ts';
import { receiveWebhook } from '../../flows/receive-webhook.ts';
import { isRefusal } from '../../domain/refusal.ts';
import { standInAdyen } from '../stand-in-psps.ts';
import type { View } from './render.ts';
import type { Letter } from './stand-ins.ts';
import type { World } from './world.ts';

const accountOf = { stripe: 'default', adyen: standInAdyen.account };

/** A PSP that is not answered 2xx sends again. */
const againMs = 20 * minuteMs;

/**
 * Brings one webhook: soon or late, once or several times, after a forged one now and then, until somebody takes it.
 * Stripe may give one up, for it can be asked; what Adyen says of a capture or a refund it says by webhook only.
 */
export async function post(world: World, letter: Letter): Promise<void> {
  const { random, steps, sky } = world;
  const bad = sky.is === 'bad';
  if (bad && letter.isAsked && random.chance(0.08)) return;
  const copies = bad && random.chance(0.15) ? random.between(2, 3) : 1;
  for (let copy = 0; copy < copies; copy += 1) {
    const [least, most] = random.weighted([
      [60, [0, 2 * secondMs]],
      [25, [2 * secondMs, 5 * minuteMs]],
      [bad ? 15 : 0, [5 * minuteMs, 5 * hourMs]],
    ] as const);
    await steps.sleep(random.between(least, most));
    if (bad && random.chance(0.03)) await forge(world, letter);
    while ((await bring(world, letter, letter.sign())) === 'not taken') await steps.sleep(againMs);
  }
}

async function bring(
  world: World,
  { psp }: Letter,
  body: ReturnType<Letter['sign']>,
): Promise<'taken' | 'not taken'> {
  const { process, deps } = world.fleet.any();
  const account = { psp, account: accountOf[psp] };
  try {
    const received = await world.steps.run(process, () =>
      receiveWebhook(deps, account, { ...body, receivedAt: deps.clock() }),
    );
    return received === null || isRefusal(received) ? 'not taken' : 'taken';
  } catch (error) {
    world.blame('I9', `a webhook: ${String(error)}`);
    return 'taken';
  }
}

/** One byte is another: nobody may believe it (I8). */
async function forge(world: World, letter: Letter): Promise<void> {
  const { raw, headers } = letter.sign();
  const forged = Buffer.from(raw);
  // An amount or a reference, so that what is signed changes at either PSP.
  const place = forged.indexOf(letter.psp === 'stripe' ? '"id":"' : '"pspReference":"') + 18;
  forged[place] = (forged[place] ?? 0) ^ 1;
  if ((await bring(world, letter, { raw: forged, headers })) === 'taken')
    world.blame('I8', `a forged webhook of ${letter.psp} was taken`);
}

/** What may happen to a payment hours later, without anybody here doing anything. */
const happenings = [
  'chargeback',
  'chargeback_reversed',
  'fraud',
  'expire',
  'capture_failed',
  'refund_failed',
  'refund_reversed',
];

export async function afterwards({ random, steps, standIns, note }: World, view: View): Promise<void> {
  const { attempt, checkoutId } = view;
  if (attempt === undefined || attempt.reference === '') return;
  await steps.sleep(random.between(minuteMs, 10 * hourMs));
  if (!random.chance(0.15)) return;
  const what = random.pick(happenings);
  note(checkoutId, `${attempt.psp}: ${what}`);
  standIns.happen(attempt.psp, attempt.reference, what);
}
