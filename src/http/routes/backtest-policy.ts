import { z } from 'zod';
import { isRefusal } from '../../domain/refusal.ts';
import { backtestPolicy as backtest } from '../../flows/backtest-policy.ts';
import { compiled, flipsShown, source } from '../codec/policy.ts';
import { route } from '../route.ts';

/** A second or two of work; `npm run policy -- backtest --database` judges everything there is. */
const assessmentsMax = 5_000;

export const backtestPolicy = route({
  operationId: 'backtestPolicy',
  method: 'post',
  path: '/v1/policies/backtest',
  tag: 'Policies',
  summary: 'Backtest a draft on past assessments',
  description:
    'What the draft would have decided on the newest assessments of its event, against what was decided: how many flip, ' +
    'how much money that is, and how many of them are known to be fraud or good by now. Nothing is stored.',
  scope: 'policies',
  body: z
    .strictObject({ source, assessments: z.int().min(1).max(assessmentsMax).default(1_000) })
    .meta({ id: 'BacktestPolicy' }),
  reply: {
    status: 200,
    schema: z
      .strictObject({
        assessments: z.int(),
        flips: z.int(),
        money_minor: z.int().meta({ description: 'Of the orders that flip, whatever their currency.' }),
        by: flipsShown,
      })
      .meta({ id: 'PolicyBacktest' }),
    description: 'What would have changed.',
  },
  problems: ['policy_refused'],
  handle: async ({ deps, caller, body }) => {
    const policy = compiled(deps.desk, body.source);
    if (isRefusal(policy)) return policy;
    return { document: await backtest(deps, caller.merchantId, policy, body.assessments) };
  },
});
