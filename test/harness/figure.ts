import { appendFileSync } from 'node:fs';

/** Shows what a test has counted: at the end of `npm test`, or at once where one file is run alone. */
export function showFigure(text: string): void {
  const file = process.env['TILLGATE_TEST_FIGURES'];
  if (file === undefined) process.stderr.write(`${text}\n`);
  else appendFileSync(file, `${text}\n`);
}
