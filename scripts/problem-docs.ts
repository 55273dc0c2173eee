import { writeFileSync } from 'node:fs';
import { renderProblems } from '../src/http/problem.ts';

// docs/problems.md is the page that every problem document's `type` points into; a test fails when it is stale.
writeFileSync(new URL('../docs/problems.md', import.meta.url), renderProblems());
