import { parseArgs, type ParseArgsConfig } from 'node:util';

type Command = ParseArgsConfig & { readonly options: NonNullable<ParseArgsConfig['options']> };

/**
 * Reads a command line. `--help` prints the usage; what cannot be read ends with 2 and the usage. Commands with several
 * verbs bring a text of their own, of all others it is their options.
 */
export function readArguments<const T extends Command>(
  command: T,
  usage = usageOf(command.options),
): ReturnType<typeof parseArgs<T>> {
  if (process.argv.includes('--help')) {
    console.log(usage);
    process.exit(0);
  }
  process.once('uncaughtException', sayAndEnd);
  try {
    return parseArgs(command);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
}

/** A file that is not there is the caller's to mend and needs no stack; whatever else ends a command is ours. */
function sayAndEnd(error: Error): never {
  const isMissing = 'syscall' in error && error.syscall === 'open';
  console.error(isMissing ? error.message : error);
  process.exit(1);
}

function usageOf(options: Command['options']): string {
  const name = process.env['npm_lifecycle_event'];
  const taken = Object.entries(options).map(([option, { type, default: value }]) => {
    if (type === 'boolean') return value === true ? `[--no-${option}]` : `[--${option}]`;
    return `[--${option} ${typeof value === 'string' ? value : '…'}]`;
  });
  const call = name === undefined ? 'node FILE' : `npm run ${name} --`;
  return `usage: ${call} ${taken.join(' ')}\ndocs/COMMANDS.md says what it does`;
}
