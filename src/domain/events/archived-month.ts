/** A month of events that was written to a file, and the hashes that its chain begins and ends with. */
export type ArchivedMonth = {
  readonly file: string;
  readonly events: number;
  readonly start: string;
  readonly end: string;
};
