import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { problemDocument, problemOf, renderProblems } from '../../src/http/problem.ts';
import { problemCatalogue } from '../../src/http/problem-catalogue.ts';

describe('problems', () => {
  test('a refusal at the edge becomes an RFC 9457 document with a pointer', () => {
    const problem = problemOf({ ok: false, code: 'json_duplicate_key', detail: 'Twice.', pointer: '/a/0' });
    expect(problemDocument(problem, 'req_1', 'https://docs.example')).toEqual({
      type: 'https://docs.example/problems#json_duplicate_key',
      title: 'A key appears twice',
      status: 400,
      detail: 'Twice.',
      code: 'json_duplicate_key',
      instance: 'req_1',
      errors: [{ pointer: '/a/0', code: 'json_duplicate_key', detail: 'Twice.' }],
    });
  });

  test('codes are snake case, statuses are errors, and every title and explanation says something', () => {
    for (const [code, { status, title, explanation }] of Object.entries(problemCatalogue)) {
      expect(code).toMatch(/^[a-z]+(_[a-z0-9]+)*$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(title.length).toBeGreaterThan(5);
      expect(explanation).toMatch(/[.?]$/);
    }
  });

  test('docs/problems.md is the page that the catalogue prints (npm run docs:problems writes it)', () => {
    expect(readFileSync(new URL('../../docs/problems.md', import.meta.url), 'utf8')).toBe(renderProblems());
  });
});
