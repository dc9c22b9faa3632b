export interface TableColumn<Item> {
  title: string;
  text: (item: Item) => string;
  /** Numbers stand at the right edge of their column. */
  align?: 'right';
}

const CELL_MAX = 60;
const GAP = '  ';

/** The lines of a table with its titles above; long cells are cut. Pure. */
export function formatTable<Item>(items: readonly Item[], columns: readonly TableColumn<Item>[]): string[] {
  const rows = [columns.map(({ title }) => title), ...items.map((item) => columns.map(({ text }) => cut(text(item))))];
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return columns[index]?.align === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join(GAP)
      .trimEnd(),
  );
}

function cut(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > CELL_MAX ? `${line.slice(0, CELL_MAX - 1)}…` : line;
}
