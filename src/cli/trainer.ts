import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const requirements = 'models/training/requirements.txt';

/** The Python of a virtual environment with exactly the pinned requirements; made once under `cache`. */
export function trainerPython(cache: string): string {
  const folder = join(cache, 'venv');
  const python = join(folder, 'bin/python');
  const wanted = readFileSync(requirements, 'utf8');
  const marker = join(folder, 'installed.txt');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return python;
  rmSync(folder, { recursive: true, force: true });
  run('python3', ['-m', 'venv', folder]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
  writeFileSync(`${marker}.new`, wanted);
  renameSync(`${marker}.new`, marker);
  return python;
}

/** Runs a program to its end and returns what it printed; its complaints go to our standard error. */
export function run(program: string, parameters: readonly string[]): string {
  return execFileSync(program, parameters, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  });
}
