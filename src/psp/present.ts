/** Leaves out what a PSP did not say (null or undefined): an optional field of ours is there or it is absent. */
export function present<T extends object>(fields: { readonly [K in keyof T]: T[K] | null | undefined }): {
  readonly [K in keyof T]?: NonNullable<T[K]>;
} {
  const said = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(said) as { [K in keyof T]?: NonNullable<T[K]> };
}
