import { z } from 'zod';
import { mistakeShown, source } from '../codec/policy.ts';
import { route } from '../route.ts';

export const checkPolicy = route({
  operationId: 'checkPolicy',
  method: 'post',
  path: '/v1/policies/check',
  tag: 'Policies',
  summary: 'Check a draft',
  description:
    'Every mistake with its line, column and, where there is one, a hint. Checked against the models and lists that are ' +
    'loaded now. Nothing is stored.',
  scope: 'policies',
  body: z.strictObject({ source }).meta({ id: 'CheckPolicy' }),
  reply: {
    status: 200,
    schema: z
      .strictObject({
        hash: z.string().nullable().meta({ description: 'Of the policy; null when there are mistakes.' }),
        mistakes: z.array(mistakeShown),
      })
      .meta({ id: 'PolicyChecked' }),
    description: 'What is wrong, if anything.',
  },
  handle: ({ deps, body }) => {
    const checked = deps.desk.check(body.source);
    if ('policy' in checked)
      return Promise.resolve({ document: { hash: checked.policy.hash, mistakes: [] } });
    const mistakes = checked.mistakes.map(({ line, column, message, hint }) => ({
      line,
      column,
      message,
      hint,
    }));
    return Promise.resolve({ document: { hash: null, mistakes } });
  },
});
