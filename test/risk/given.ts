import type { Deciders } from '../../src/risk/conclusion.ts';
import { featureHash } from '../../src/risk/signals/feature-hash.ts';
import { library } from '../../src/domain/risk/features/library.ts';
import type { Signals } from '../../src/domain/risk/signals.ts';
import { hourMs } from '../../src/kernel/instant.ts';
import { money, type Currency } from '../../src/kernel/money.ts';
import type { RiskParts } from '../../src/risk/assess.ts';
import { loadGeneration } from '../../src/risk/generation.ts';
import { createEntries } from '../../src/risk/policy/entries.ts';
import { keysWith } from '../../src/risk/signals/keys.ts';
import type { Reference } from '../../src/risk/signals/reference.ts';
import { memoryVelocity } from '../../src/risk/velocity/memory.ts';

export const reference: Reference = {
  isDisposable: () => false,
  isFree: () => false,
  isBot: () => false,
  isDatacenter: () => false,
  isVpn: () => false,
  countryOf: () => 'DE',
  countriesOfZone: () => ['DE'],
  versions: { test: '1' },
  missing: [],
};
export const keysOf = keysWith('a secret of these tests');
export const at = Date.UTC(2026, 2, 1, 12);
export const signals: Signals = {
  email: 'ann.lee@shop.example',
  account: { id: 'ann', createdAt: at - 90 * 24 * hourMs },
  card: { fingerprint: 'card-1', bin: '457112', country: 'DE', funding: 'credit' },
  billing: { country: 'DE', postalCode: '10115' },
  order: { total: money(5990n, 'EUR' as Currency), itemCount: 2 },
  device: { id: 'device-1', ip: '198.51.100.7' },
};
export const question = { id: 'asm_1', merchantId: 'mer_1', event: 'checkout', at, signals } as const;
export const hash = featureHash(library);

export const generation = await loadGeneration({ policies: 'policies', models: 'models' });
export const checkout = generation.deciders.get('checkout')!;

export function partsWith(changes: Partial<RiskParts> = {}): RiskParts & { readonly failures: string[] } {
  const failures: string[] = [];
  return {
    reading: { keysOf, reference },
    velocity: memoryVelocity(),
    deciders: () => generation.deciders,
    lists: () => createEntries(),
    snoozes: () => createEntries(),
    featuresHash: hash,
    deadlineMs: 1_000,
    failed: (part) => failures.push(part),
    ...changes,
    failures,
  };
}

export const deciding = (changes: Partial<Deciders>): Partial<RiskParts> => ({
  deciders: () => new Map([['checkout', { ...checkout, ...changes }]]),
});
