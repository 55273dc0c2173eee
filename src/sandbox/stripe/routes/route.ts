import type { Books } from '../account.ts';
import type { Tree } from '../params.ts';

/**
 * One endpoint in two halves. The first reads the parameters and may refuse them; nothing of that is remembered under
 * an idempotency key. The second executes, and whatever it answers or throws is.
 */
export type Route = (tree: Tree) => (books: Books, id: string, second: string) => unknown;

export type Routes = Readonly<Record<string, Route>>;

export function route<T>(
  read: (tree: Tree) => T,
  run: (books: Books, input: T, id: string, second: string) => unknown,
): Route {
  return (tree) => {
    const input = read(tree);
    return (books, id, second) => run(books, input, id, second);
  };
}
