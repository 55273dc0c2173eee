import type { Part } from './statement.ts';

/** A table's columns and their types, as far as the service writes them. */
export type Table<Column extends string> = {
  readonly name: string;
  readonly types: Readonly<Record<Column, string>>;
};

export type Row<Column extends string> = Readonly<Record<Column, unknown>>;

export function table<Column extends string>(name: string, types: Record<Column, string>): Table<Column> {
  return { name, types };
}

/** Inserts one row, and has a row for whatever comes through this gate. */
export function insertGate<Column extends string>(into: Table<Column>, row: Row<Column>): Part {
  const columns = columnsOf(into);
  return {
    shape: `gate: insert ${into.name}`,
    values: columns.map((column) => row[column]),
    text: (first) =>
      `insert into ${into.name} (${columns.join(', ')}) values (${holes(into, columns, first)}) returning 1`,
  };
}

/** Updates the row with this key, and has a row for whatever comes through this gate only if there is one. */
export function updateGate<Column extends string>(
  at: Table<Column>,
  key: Partial<Row<Column>>,
  set: Partial<Row<Column>>,
): Part {
  return update(at, key, set, '', 'returning 1');
}

/** Inserts the rows when the gate (a CTE) has a row, and nothing otherwise. */
export function insertThrough<Column extends string>(
  gate: string,
  into: Table<Column>,
  rows: readonly Row<Column>[],
): Part {
  const columns = columnsOf(into);
  const list = columns.join(', ');
  return {
    shape: `insert ${into.name} ${rows.length}`,
    values: rows.flatMap((row) => columns.map((column) => row[column])),
    text: (first) => {
      const tuples = rows.map((_, index) => `(${holes(into, columns, first + index * columns.length)})`);
      return `insert into ${into.name} (${list}) select new.* from ${gate}, (values ${tuples.join(', ')}) as new (${list})`;
    },
  };
}

/** Finds the row by `key` and sets the columns of `set`, when the gate has a row. */
export function updateThrough<Column extends string>(
  gate: string,
  at: Table<Column>,
  key: Partial<Row<Column>>,
  set: Partial<Row<Column>>,
): Part {
  return update(at, key, set, `from ${gate}`, '');
}

/** Some columns of a row. */
export function pick<Column extends string, Some extends Column>(
  row: Row<Column>,
  ...columns: Some[]
): Row<Some> {
  return Object.fromEntries(columns.map((column) => [column, row[column]])) as Row<Some>;
}

function update<Column extends string>(
  at: Table<Column>,
  key: Partial<Row<Column>>,
  set: Partial<Row<Column>>,
  from: string,
  returning: string,
): Part {
  const changed = Object.keys(set) as Column[];
  const keyed = Object.keys(key) as Column[];
  return {
    shape: `update ${at.name} ${changed.join(' ')} ${returning}`,
    values: [...changed.map((column) => set[column]), ...keyed.map((column) => key[column])],
    text: (first) => {
      const hole = (column: Column, index: number): string => `$${first + index}::${at.types[column]}`;
      const changes = changed.map((column, index) => `${column} = ${hole(column, index)}`);
      const found = keyed.map(
        (column, index) => `${at.name}.${column} = ${hole(column, changed.length + index)}`,
      );
      return `update ${at.name} set ${changes.join(', ')} ${from} where ${found.join(' and ')} ${returning}`;
    },
  };
}

function holes<Column extends string>(of: Table<Column>, columns: readonly Column[], first: number): string {
  return columns.map((column, index) => `$${first + index}::${of.types[column]}`).join(', ');
}

function columnsOf<Column extends string>(of: Table<Column>): Column[] {
  return Object.keys(of.types) as Column[];
}
