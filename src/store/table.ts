import { type Sql, join, raw, sql } from './sql.ts';

/** A table's columns and their types, as far as the service writes them. */
export type Table<Column extends string> = {
  readonly name: string;
  readonly types: Readonly<Record<Column, string>>;
};

export type Row<Column extends string> = Readonly<Record<Column, unknown>>;

export function table<Column extends string>(name: string, types: Record<Column, string>): Table<Column> {
  return { name, types };
}

/** Inserts the rows when the gate (a CTE) has a row, and nothing otherwise. */
export function insertThrough<Column extends string>(
  gate: string,
  into: Table<Column>,
  rows: readonly Row<Column>[],
): Sql {
  const columns = columnsOf(into);
  const tuples = rows.map(
    (row) =>
      sql`(${join(
        columns.map((column) => sql`${row[column]}::${raw(into.types[column])}`),
        ', ',
      )})`,
  );
  const list = raw(columns.join(', '));
  return sql`insert into ${raw(into.name)} (${list}) select new.* from ${raw(gate)}, (values ${join(tuples, ', ')}) as new (${list})`;
}

/** Finds the row by `key` and sets the columns of `set`, when the gate has a row. */
export function updateThrough<Column extends string>(
  gate: string,
  at: Table<Column>,
  key: Partial<Row<Column>>,
  set: Partial<Row<Column>>,
): Sql {
  return sql`update ${raw(at.name)} set ${assignments(at, set)} from ${raw(gate)} where ${where(at, key)}`;
}

export function assignments<Column extends string>(of: Table<Column>, set: Partial<Row<Column>>): Sql {
  const columns = Object.keys(set) as Column[];
  return join(
    columns.map((column) => sql`${raw(column)} = ${set[column]}::${raw(of.types[column])}`),
    ', ',
  );
}

/** The condition that every column of the key has its value. */
export function where<Column extends string>(of: Table<Column>, key: Partial<Row<Column>>): Sql {
  const columns = Object.keys(key) as Column[];
  return join(
    columns.map((column) => sql`${raw(`${of.name}.${column}`)} = ${key[column]}::${raw(of.types[column])}`),
    ' and ',
  );
}

/** Some columns of a row. */
export function pick<Column extends string, Some extends Column>(
  row: Row<Column>,
  ...columns: Some[]
): Row<Some> {
  return Object.fromEntries(columns.map((column) => [column, row[column]])) as Row<Some>;
}

export function columnsOf<Column extends string>(of: Table<Column>): Column[] {
  return Object.keys(of.types) as Column[];
}
