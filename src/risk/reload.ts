import { watch, type FSWatcher } from 'node:fs';
import { loadGeneration, type Generation, type Sources } from './generation.ts';

/** What decides now, kept up to date with its files. */
export type Reloading = {
  readonly current: () => Generation;
  /** Loads again, now: the hook for SIGHUP. Resolves to whether the new generation is in force. */
  readonly reload: () => Promise<boolean>;
  readonly close: () => void;
};

export type ReloadEvents = {
  readonly accepted: (generation: Generation) => void;
  /** The last good generation stays in force; this is what an alarm should ring for. */
  readonly refused: (cause: unknown) => void;
};

/** Editors write a file in several steps; a change is read once it has been quiet for this long. */
const quietMs = 250;

/** Loads the first generation (throws when it is refused: the start is) and reloads whenever the policies change. */
export async function keepReloading(
  sources: Sources,
  { accepted, refused }: ReloadEvents,
): Promise<Reloading> {
  let current = await loadGeneration(sources);
  let loading = Promise.resolve(true);

  const load = async (): Promise<boolean> => {
    try {
      current = await loadGeneration(sources, current);
      accepted(current);
      return true;
    } catch (cause) {
      refused(cause);
      return false;
    }
  };
  // One at a time, in order: the last change that was asked for is the one that stays.
  const reload = (): Promise<boolean> => (loading = loading.then(load));

  let quiet: NodeJS.Timeout | undefined;
  const changed = (): void => {
    clearTimeout(quiet);
    quiet = setTimeout(() => void reload(), quietMs);
  };
  const watchers: FSWatcher[] = Object.values(sources).map((directory) =>
    watch(directory, { recursive: true, persistent: false }, changed).on('error', refused),
  );
  return {
    current: () => current,
    reload,
    close: () => {
      clearTimeout(quiet);
      for (const watcher of watchers) watcher.close();
    },
  };
}
