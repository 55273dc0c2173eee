import type { z } from 'zod';
import type { FieldError } from './problem.ts';

/** What zod found wrong, as JSON pointers. Texts name the rule, never the input: it may hold what must not be logged. */
export function problemsOf(error: z.ZodError, root: string): FieldError[] {
  return error.issues.flatMap((issue) => fieldErrors(issue, root));
}

function fieldErrors(issue: z.core.$ZodIssue, root: string): FieldError[] {
  const path = root + issue.path.map((part) => `/${escape(String(part))}`).join('');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: `${path}/${escape(key)}`,
      code: 'unknown_field',
      detail: 'This call does not know the field.',
    }));
  }
  return [{ pointer: path, code: codeOf(issue), detail: issue.message }];
}

function codeOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.endsWith('received undefined') ? 'missing' : 'wrong_type';
    case 'too_big':
      return 'too_large';
    case 'too_small':
      return 'too_small';
    default:
      return 'invalid';
  }
}

/** RFC 6901. */
function escape(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}
