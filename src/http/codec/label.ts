import { z } from 'zod';
import { time } from './buyer.ts';
import { idOf, shownTime } from './parts.ts';

export const labelBody = z
  .strictObject({
    order: idOf('ord', 'What it is about.'),
    fraud: z.boolean(),
    strength: z
      .enum(['strong', 'weak'])
      .default('weak')
      .meta({ description: 'strong: somebody who knows has said so; weak: a good guess.' }),
    known_at: time.optional().meta({ description: 'Since when it has been known; now when absent.' }),
  })
  .meta({ id: 'LabelOrder' });

export const labelShown = z
  .strictObject({
    id: z.string(),
    order: z.string(),
    fraud: z.boolean(),
    source: z
      .enum(['dispute', 'fraud_report', 'refund', 'review', 'api', 'quiet'])
      .meta({ description: 'quiet: captured, and nobody contested it for months.' }),
    strength: z.enum(['strong', 'weak']),
    happened_at: shownTime,
    known_at: shownTime,
  })
  .meta({ id: 'Label' });
