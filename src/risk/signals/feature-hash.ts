import { createHash } from 'node:crypto';
import type { Declaration } from '../../domain/risk/features/feature.ts';

/**
 * SHA-256 (hex) of what these features mean, in their order. Two services with equal hashes feed a model the same numbers;
 * the reason texts may be reworded without a new model.
 */
export function featureHash(features: readonly Declaration[]): string {
  const meaning = features.map(({ name, type, window, whenNothing }) => ({
    name,
    type,
    window,
    whenNothing,
  }));
  return createHash('sha256').update(JSON.stringify(meaning)).digest('hex');
}
