/** What a problem code means: its HTTP status, its title, and one sentence for the reader of the documentation. */
export type ProblemEntry = {
  readonly status: number;
  readonly title: string;
  readonly explanation: string;
};
