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

/** A gate that lets a change through by inserting its row; the change's key is the value of this column. */
export function insertGate<Column extends string>(
  into: Table<Column>,
  row: Row<Column>,
  key: NoInfer<Column>,
): Part {
  const columns = columnsOf(into);
  const list = columns.join(', ');
  return {
    shape: `gate: insert ${into.name}`,
    types: typesOf(into, columns),
    rows: [[row[key], ...columns.map((column) => row[column])]],
    text: (values) =>
      `insert into ${into.name} (${list}) select ${list} from ${values} as new (k, ${list}) returning ${into.name}.${key} as k`,
  };
}

/** A gate that lets a change through only if the row with this key is still there; `k` is the value of `key`'s column. */
export function updateGate<Column extends string>(
  at: Table<Column>,
  k: NoInfer<Column>,
  key: Partial<Row<Column>>,
  set: Partial<Row<Column>>,
): Part {
  return update(at, key[k], key, set, '', '', `returning ${at.name}.${k} as k`);
}

/** A gate that stands open. */
export const openGate: Part = {
  shape: 'gate: open',
  types: ['text'],
  rows: [['']],
  text: (values) => `select k from ${values} as new (k)`,
};

/** Inserts the rows of the change `k` when it came through the gate. */
export function insertThrough<Column extends string>(
  k: string,
  into: Table<Column>,
  rows: readonly Row<Column>[],
  otherwise: '' | 'on conflict do nothing' = '',
): Part {
  const columns = columnsOf(into);
  const list = columns.join(', ');
  const chosen = columns.map((column) => `new.${column}`).join(', ');
  return {
    shape: `insert ${into.name} ${otherwise}`,
    types: typesOf(into, columns),
    rows: rows.map((row) => [k, ...columns.map((column) => row[column])]),
    text: (values) =>
      `insert into ${into.name} (${list}) select ${chosen} from ${values} as new (k, ${list}) join gate using (k) ${otherwise}`,
  };
}

/** Finds the row by `key` and sets the columns of `set`, when the change `k` came through the gate. */
export function updateThrough<Column extends string>(
  k: string,
  at: Table<Column>,
  key: Partial<Row<Column>>,
  set: Partial<Row<Column>>,
): Part {
  return update(at, k, key, set, ', gate', 'gate.k = new.k and ', '');
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
  k: unknown,
  key: Partial<Row<Column>>,
  set: Partial<Row<Column>>,
  from: string,
  condition: string,
  returning: string,
): Part {
  const keyed = Object.keys(key) as Column[];
  const changed = Object.keys(set) as Column[];
  return {
    shape: `update ${at.name} ${changed.join(' ')}${returning}`,
    types: typesOf(at, [...keyed, ...changed]),
    rows: [[k, ...keyed.map((column) => key[column]), ...changed.map((column) => set[column])]],
    text: (values) => {
      const changes = changed.map((column) => `${column} = new.${column}`);
      const found = keyed.map((column) => `${at.name}.${column} = new.key_${column}`);
      const names = ['k', ...keyed.map((column) => `key_${column}`), ...changed];
      return `update ${at.name} set ${changes.join(', ')} from ${values} as new (${names.join(', ')})${from} where ${condition}${found.join(' and ')} ${returning}`;
    },
  };
}

function typesOf<Column extends string>(of: Table<Column>, columns: readonly Column[]): string[] {
  return ['text', ...columns.map((column) => of.types[column])];
}

function columnsOf<Column extends string>(of: Table<Column>): Column[] {
  return Object.keys(of.types) as Column[];
}
