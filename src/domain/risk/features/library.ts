import type { AssessmentEvent } from '../decision.ts';
import { accountFeatures } from './account.ts';
import { cardFeatures } from './card.ts';
import { deviceFeatures } from './device.ts';
import { emailFeatures } from './email.ts';
import type { Feature } from './feature.ts';
import { placeFeatures, ringFeatures } from './place.ts';

/**
 * Every feature there is, in the order in which it is written, stored and fed to models.
 *
 * To add one, declare it in the file of its subject; policies can read it at once, a model only after it was trained
 * with it. A feature whose meaning changes gets a new name: the old one is what old assessments and models mean.
 */
export const library: readonly Feature[] = [
  ...emailFeatures,
  ...accountFeatures,
  ...cardFeatures,
  ...deviceFeatures,
  ...placeFeatures,
  ...ringFeatures,
];

/** The features that an event of this kind has. */
export function featuresOf(event: AssessmentEvent): readonly Feature[] {
  return library.filter((feature) => feature.events.includes(event));
}
