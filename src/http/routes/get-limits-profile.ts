import { z } from 'zod';
import { attackReasons } from '../rate-limit/attack-switch.ts';
import { shownAt, shownTime } from '../codec/parts.ts';
import { route } from '../route.ts';

const shop = { merchant: z.string() };

export const getLimitsProfile = route({
  operationId: 'getLimitsProfile',
  method: 'get',
  path: '/v1/limits-profile',
  tag: 'Reviews',
  summary: 'See whether the shop is under attack',
  description:
    'The profile of limits that holds for the shop: `strict` while its traffic is outside its band, and for some minutes ' +
    'after. Each process judges its own share of the traffic; this is the one that answers.',
  scope: 'reviews',
  reply: {
    status: 200,
    schema: z
      .discriminatedUnion('profile', [
        z.strictObject({ ...shop, profile: z.literal('normal') }),
        z.strictObject({
          ...shop,
          profile: z.literal('strict'),
          reason: z.enum(attackReasons).meta({ description: 'The band that was left first.' }),
          since: shownTime,
          calm_since: shownTime.nullable().meta({ description: 'Back in the band since then, and watched.' }),
        }),
      ])
      .meta({ id: 'LimitsProfile' }),
    description: 'The profile in force.',
  },
  handle: ({ caller: { merchantId }, gate }) => {
    const state = gate.stateOf(merchantId);
    const { profile } = state;
    const document =
      profile === 'normal'
        ? { merchant: merchantId, profile }
        : {
            merchant: merchantId,
            profile,
            reason: state.reason,
            since: shownAt(state.since),
            calm_since: state.calmSince === undefined ? null : shownAt(state.calmSince),
          };
    return Promise.resolve({ document });
  },
});
