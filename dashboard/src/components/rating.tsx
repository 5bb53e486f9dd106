import { useId } from "react";
import { phaseName } from "@/shell/names";
import { useText } from "@/shell/text";

/** A rating from 1 to 5. */
export function Rating(props: {
  name: string;
  value: number | undefined;
  onChange: (n: number) => void;
}) {
  const t = useText();
  const { name, value, onChange } = props;
  const group = useId();
  return (
    <fieldset>
      <legend className="text-sm font-medium">
        {phaseName(name)}{" "}
        <span className="font-normal text-muted">{t("(1 poor – 5 excellent)")}</span>
      </legend>
      <div className="mt-1 flex gap-1">
        {[1, 2, 3, 4, 5].map((n) => (
          <label
            key={n}
            className="grid size-9 cursor-pointer place-items-center rounded-md border border-control text-sm has-checked:border-transparent has-checked:bg-primary has-checked:text-on-primary has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-primary"
          >
            <input
              type="radio"
              className="sr-only"
              name={group}
              value={n}
              checked={value === n}
              onChange={() => onChange(n)}
            />
            {n}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
