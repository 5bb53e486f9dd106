import type { Schemas } from "@/api/client";
import { useText } from "@/shell/text";

type Row = Schemas["TrendRow"];

const HEIGHT = 80;
/** Months that fit; the table has all. */
const MOST = 24;

/** The share of phases that were approved without changes, by month, with its uncertainty. */
export function Months({ rows }: { rows: Row[] }) {
  const t = useText();
  const shown = rows.filter((row) => row.first_time.of > 0).slice(-MOST);
  if (shown.length === 0) return null;
  const y = (part: number) => HEIGHT * (1 - part);
  return (
    <figure className="flex flex-col gap-1">
      <svg
        aria-hidden
        viewBox={`0 0 ${shown.length * 24} ${HEIGHT}`}
        className="h-28 w-full max-w-2xl border-b"
        preserveAspectRatio="xMinYMid meet"
      >
        {shown.map(({ month, workflow, first_time: { count, of, low, high } }, at) => (
          <g key={month + workflow} transform={`translate(${at * 24} 0)`}>
            <rect
              x="5"
              width="14"
              y={y(count / of)}
              height={HEIGHT * (count / of)}
              className="fill-primary"
            />
            <path
              d={`M12 ${y(high)}V${y(low)}M9 ${y(high)}h6M9 ${y(low)}h6`}
              className="stroke-foreground"
              fill="none"
            />
          </g>
        ))}
      </svg>
      <figcaption className="text-sm text-muted">
        {t("Phases approved without changes, by month. The table below has the figures.")}
      </figcaption>
    </figure>
  );
}
