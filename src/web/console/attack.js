/** Says above every view that the shop is under attack, since when, why, and which limits hold. */
import { h, showTime } from '/web/page.js';
import { get, readKey } from '/console/api.js';

/** The service judges every ten seconds. */
export const attackLookMs = 5_000;

const why = {
  decline_ratio: 'Most of the cards that are tried fail.',
  distinct_cards: 'Far more different cards than usual are tried.',
};

export async function showAttack(place) {
  const said = readKey() === null ? [] : await look();
  const text = said.map((part) => part.textContent ?? part).join('');
  // A screen reader reads it out whenever it is written.
  if (place.textContent !== text) place.replaceChildren(...said);
  place.hidden = text === '' || readKey() === null;
}

async function look() {
  const seen = await get('/v1/limits-profile').catch((error) => ({ error }));
  if (seen.error) return [`Whether the shop is under attack cannot be read: ${seen.error.message}`];
  if (seen.profile === 'normal') return [];
  const calm = seen.calm_since === null ? '' : ` Calm since ${showTime(seen.calm_since)}.`;
  return [
    h('strong', {}, 'Under attack'),
    `: the shop ${seen.merchant}, since ${showTime(seen.since)}. ${why[seen.reason]} `,
    `The ${seen.profile} profile of limits is in force.${calm}`,
  ];
}
