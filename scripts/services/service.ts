/** A real server that a test run or a bench needs, started for it and stopped with it. */
export type Service = { readonly url: string; readonly stop: () => Promise<void> };

/** Why there is none: shown with the name of every suite that is skipped for it. */
export type Absent = { readonly absent: string };
