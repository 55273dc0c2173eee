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

/** Sets every column of the row but its key, when the gate has a row. */
export function updateThrough<Column extends string>(
  gate: string,
  at: Table<Column>,
  key: readonly Column[],
  row: Row<Column>,
): Sql {
  const set = columnsOf(at).filter((column) => !key.includes(column));
  const changes = set.map((column) => sql`${raw(column)} = ${row[column]}::${raw(at.types[column])}`);
  return sql`update ${raw(at.name)} set ${join(changes, ', ')} from ${raw(gate)} where ${where(at, key, row)}`;
}

/** The condition that finds the row by its key. */
export function where<Column extends string>(
  of: Table<Column>,
  key: readonly Column[],
  row: Row<Column>,
): Sql {
  return join(
    key.map((column) => sql`${raw(`${of.name}.${column}`)} = ${row[column]}::${raw(of.types[column])}`),
    ' and ',
  );
}

export function columnsOf<Column extends string>(of: Table<Column>): Column[] {
  return Object.keys(of.types) as Column[];
}
