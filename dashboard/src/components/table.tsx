import type { ReactNode } from "react";
import { Scroll } from "./ui/parts";

export type Column = { name: string; end?: boolean };

/** `key` names the row; the first cell is its heading. */
export type Row = { key: string; cells: ReactNode[] };

/** A table with a heading for each column and for each row: the first cell. */
export function Table(props: { label: string; columns: Column[]; rows: Row[] }) {
  const side = (at: number) => (props.columns[at]?.end ? "text-end tabular-nums" : "text-start");
  return (
    <Scroll label={props.label}>
      <table className="w-full min-w-[38rem] border-collapse text-sm">
        <thead>
          <tr className="border-b">
            {props.columns.map(({ name }, at) => (
              <th key={name} scope="col" className={`px-2 py-1 font-semibold ${side(at)}`}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map(({ key, cells: [head, ...cells] }) => (
            <tr key={key} className="border-b align-top">
              <th scope="row" className="px-2 py-1 text-start font-medium">
                {head}
              </th>
              {cells.map((cell, at) => (
                <td key={props.columns[at + 1]?.name} className={`px-2 py-1 ${side(at + 1)}`}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
