import type { Event } from '../../domain/events/event.ts';
import type { AttackId, MerchantId, NewId } from '../../kernel/ids.ts';
import type { Clock } from '../../kernel/instant.ts';
import type { ProfileChange } from './attack-switch.ts';

/**
 * Makes events of what the attack switch says: an attack is an aggregate of two, its beginning and its end. Each process
 * sees an attack of its own in its share of the traffic.
 */
export function attackNews(deps: { newId: NewId; clock: Clock }): (change: ProfileChange) => Event {
  const running = new Map<string, AttackId>();
  return ({ merchant, to }) => {
    const id = running.get(merchant) ?? deps.newId('atk');
    const event = {
      id: deps.newId('evt'),
      merchantId: merchant as MerchantId,
      at: deps.clock(),
      aggregate: { type: 'attack', id },
    } as const;
    if (to.profile === 'strict') {
      running.set(merchant, id);
      return { ...event, sequence: 1, type: 'attack.began', data: { attackId: id, reason: to.reason } };
    }
    running.delete(merchant);
    return { ...event, sequence: 2, type: 'attack.ended', data: { attackId: id } };
  };
}
