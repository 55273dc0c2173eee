/** What a list is for. The kind is for people: what an entry does is what the policies say. */
export const listKinds = ['block', 'allow', 'watch'] as const;
export type ListKind = (typeof listKinds)[number];

/** `of` is the personal value that the entries are keyed hashes of, such as `email.address`. */
export type ListDeclaration = { readonly kind: ListKind; readonly of: string; readonly text: string };
export type ListDeclarations = ReadonlyMap<string, ListDeclaration>;
